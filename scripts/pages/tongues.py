"""The book's own words and its numbers in the language of the page that is being made.

The book is written in English. `docs/pt/decoding.md` is its chapter on decoding in Portuguese, and
`docs/pt/phrases.toml` says how that language writes numbers, and what stands there for each word
that no author writes: “Answer”, “Last changed”. A page is made from beginning to end before the
next, so the language is set once for each, and whoever has a word for readers asks `phrase` for it.
"""

from __future__ import annotations

import json
import re
import tomllib
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

FILE = "phrases.toml"
NUMBER = re.compile(r"(\d[\d,]*)(?:\.(\d+))?(%?)")  # as f-strings write it
LONG = 4  # digits that need nothing between them


@dataclass(frozen=True)
class Tongue:
    """A language of the book: its words, its signs in numbers, and its pages' folder in `docs`."""

    code: str = "en"
    name: str = "English"
    decimal: str = "."
    thousands: str = ","
    percent: str = "%"
    page: dict[str, str] = field(default_factory=dict)  # English → the same, in pages
    scripts: dict[str, str] = field(default_factory=dict)  # … and in docs/assets

    @property
    def home(self) -> str:
        """Where its pages stand, from the root of the site: "", "pt/"."""
        return "" if self.code == ENGLISH.code else f"{self.code}/"

    def phrase(self, english: str, **values: object) -> str:
        """What a reader of this language is told, with the values in their places, {name}."""
        said = self.page.get(english, english)
        return said.format(**values) if values else said

    def number(self, english: str) -> str:
        """A number as f-strings write it, "1,234.5" or "53%", as this language writes it."""
        if not self.home:
            return english

        def written(found: re.Match) -> str:
            whole, part, percent = found[1].replace(",", ""), found[2], found[3]
            if len(whole) > LONG:
                whole = f"{int(whole):,}".replace(",", self.thousands)
            return whole + (self.decimal + part if part else "") + (self.percent if percent else "")

        return NUMBER.sub(written, english)


ENGLISH = Tongue()
_now: ContextVar[Tongue] = ContextVar("tongue", default=ENGLISH)


def known(docs: Path) -> dict[str, Tongue]:
    """The other languages of the book: the folders of `docs` that have a list of phrases."""
    found = {}
    for path in sorted(docs.glob(f"*/{FILE}")):
        said = tomllib.loads(path.read_text("utf-8"))
        code = path.parent.name
        found[code] = Tongue(code, **said["language"], page=said["page"], scripts=said["scripts"])
    return found


def speak(tongue: Tongue) -> None:
    """From now on, `phrase` and `digits` give this language."""
    _now.set(tongue)


def now() -> Tongue:
    """The language of the page that is being made."""
    return _now.get()


def phrase(english: str, **values: object) -> str:
    """A word or sentence of the book's own in the language of the page."""
    return now().phrase(english, **values)


def digits(english: str) -> str:
    """A number in the language of the page."""
    return now().number(english)


def mark() -> str:
    """The attribute of what stays English, as a program wrote it; empty on an English page."""
    return ' lang="en"' if now().home else ""


def whole(table: str) -> str:
    """A table in Markdown that a program has printed, marked as what it is."""
    return f'<div{mark()} markdown="1">\n\n{table}\n\n</div>' if mark() else table


def scripts() -> str:
    """The phrases that the scripts of the page ask for, as JSON for an element; empty in English."""
    if not now().home:
        return ""
    said = {".": now().decimal, **now().scripts}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
