"""What every room stands on: files and locks, seals, the console, Node's packages."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # the folder of the book


class BookError(Exception):
    """One clear sentence: which file, what is wrong, which command helps."""
