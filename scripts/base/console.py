"""Printing to a console that has not every letter, such as cp1252 or ASCII."""

from __future__ import annotations

import codecs
import sys

LIKE = {"✓": "+", "✗": "x", "·": "-", "→": "->", "…": "...", "“": '"', "”": '"', "’": "'",
        "–": "-", "—": "-", "×": "x", "±": "+-", "≥": ">=", "≤": "<="}  # fmt: skip


def _like(error: UnicodeError) -> tuple[str, int]:
    """What to print in place of letters that an encoding lacks, and where to go on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(LIKE.get(letter, "?") for letter in lacking), error.end


def any_letter() -> None:
    """From now on a letter that the console lacks is printed as a like one, or as "?"."""
    codecs.register_error("like", _like)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="like")
