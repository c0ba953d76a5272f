"""The keys of the questions: each right option is quoted, with its cross, by the chapter's tests."""

import re
from pathlib import Path

import pytest

from scripts.base import ROOT
from scripts.measure import claims
from scripts.pages.patterns import LITERAL

CHAPTERS = [
    path.stem for path in sorted((ROOT / "docs").glob("*.md")) if "\n## Check yourself" in path.read_text("utf-8")
]


def keys(page: str) -> list[str]:
    """The right options of a page's questions, as they are written there."""
    return [" ".join(one.split()) for one in re.findall(r"^ +(- \[x\] .*)$", LITERAL.sub("", page), re.M)]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_key_is_tied_to_an_outcome(chapter):
    """A cross that moves to another option then fails the test that quotes it."""
    quoted = [said for _, said in claims.quoted(Path(f"tests/chapters/test_{chapter}.py").read_text("utf-8"))]
    page = (ROOT / "docs" / f"{chapter}.md").read_text("utf-8")
    assert keys(page), "a chapter asks"
    assert [key for key in keys(page) if key not in quoted] == []


def test_a_moved_cross_is_seen(tmp_path):
    page = tmp_path / "x.md"
    page.write_text('!!! question "Which?"\n\n    - [x] This.\n        So.\n    - [ ] That.\n        No.\n')
    assert claims.missing(page, "- [x] This.", tmp_path) == ""
    other = tmp_path / "y.md"
    other.write_text(page.read_text().replace("[x] This", "[ ] This").replace("[ ] That", "[x] That"))
    assert "no longer says: - [x] This." in claims.missing(other, "- [x] This.", tmp_path)
