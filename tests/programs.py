"""The programs of the chapters, read as text."""

from scripts.base import ROOT


def source(name: str) -> str:
    """The program of a snippet, such as "decoder/generate"."""
    return (ROOT / "snippets" / f"{name}.py").read_text("utf-8")
