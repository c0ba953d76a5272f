"""What a page says about snippets: the three spellings, filled in and checked.

Knows Markdown text and the runner's outputs, and nothing of the site generator. The
questions of a page are checked with the rest, by `questions.check`.

    --8<-- "chapter/idea.py"  or  "chapter/idea.txt"      code, printed text
    ![what it shows](figures/chapter/idea.svg "caption")  figure
    {{ chapter/idea.name:.2f }}                           value
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterator
from pathlib import Path

from scripts import questions
from scripts.runner import Book

NAME = r"[\w-]+/[\w-]+"
INCLUDE = re.compile(rf'^([ \t]*)-{{1,}}8<-{{1,}} "({NAME})\.(py|txt)"[ \t]*$', re.M)
FIGURE = re.compile(rf"!\[([^\]]*)\]\((?:\.\./)*figures/({NAME})\.svg([^)]*)\)")
VALUE = re.compile(rf"\{{\{{ *({NAME})\.(\w+) *(?::([^{{}}]*?))? *\}}\}}")
OUTPUT_FENCE = re.compile(
    rf'^([ \t]*)```text\n([ \t]*--8<-- "({NAME})\.txt"[ \t]*\n[ \t]*```)[ \t]*$', re.M
)
CODE_FENCE = re.compile(rf'^([ \t]*)```python\n([ \t]*--8<-- "({NAME})\.py"[ \t]*\n)', re.M)

# What stands between four backticks is shown as it is written.
LITERAL = re.compile(r"^````.*?^````[ \t]*$", re.M | re.S)

# A measurement is a decimal number, a share, or a number with a unit.
MEASUREMENT = re.compile(
    r"(?<![\w.$#/-])(?:\d+\.\d+|\d[\d,.]*(?: ?%|[  ]?(?:ms|s|kB|MB|GB|MiB|GiB|×)\b))"
)


class PageError(Exception):
    """One clear sentence: which page and line, what is wrong, what would be right."""


def value(book: Book, name: str, variable: str, form: str | None) -> str:
    """The value of a snippet's variable, formatted as f-strings do.

    Raises:
        PageError: there is no such snippet, variable or format; names the nearest.
    """
    outcome = book.outcome(name)
    if outcome is None and name not in (names := book.names()):
        raise PageError(f"there is no snippet {name}{_near(name, names)}")
    if outcome is None or outcome.error:
        raise PageError(f"snippets/{name}.py has no values: its last run failed")
    if variable not in outcome.values:
        raise PageError(
            f"snippets/{name}.py leaves no value {variable}"
            f"{_near(variable, list(outcome.values))}"
        )
    try:
        return format(outcome.values[variable], form or "")
    except ValueError as error:
        raise PageError(f"{name}.{variable} cannot be written as {form}: {error}") from None


def fill(book: Book, text: str) -> str:
    """A page's Markdown with its values written in, and its outputs marked as such.

    An unknown value stays visible as a warning; `check` has named it.
    """

    def replace(found: re.Match) -> str:
        try:
            return value(book, *found.groups())
        except PageError:
            return f"**⚠ {found[1]}.{found[2]}**"

    def spell(part: str) -> str:
        part = VALUE.sub(replace, part)
        part = CODE_FENCE.sub(r'\1```{ .python title="\3.py" }\n\2', part)
        return OUTPUT_FENCE.sub(r"\1```{ .text .output }\n\2", part)

    literal = LITERAL.findall(text)
    parts = [spell(part) for part in LITERAL.split(text)]
    return "".join(part + shown for part, shown in zip(parts, [*literal, ""]))


def captioned(text: str) -> Iterator[tuple[str, int]]:
    """The snippets of a page whose last output is text: name and where that output ends.

    A figure carries its caption itself; printed text needs one after it.
    """
    last: dict[str, tuple[int, str]] = {}
    text = LITERAL.sub(_blank, text)
    for found in INCLUDE.finditer(text):
        if found[3] == "txt":
            close = re.compile(r"\n[ \t]*```[ \t]*$", re.M).match(text, found.end())
            last[found[2]] = (close.end() if close else found.end()), found[1]
    drawn = {found[2] for found in FIGURE.finditer(text)}
    for name, (end, indent) in last.items():
        if name not in drawn and not indent:
            yield name, end


def included(book: Book, text: str) -> Iterator[str]:
    """What the files that a page includes hold: code and printed text."""
    for _, name, kind in INCLUDE.findall(text):
        path = book.output(name, kind) if kind == "txt" else book.snippets_dir / f"{name}.py"
        if path.exists():
            yield path.read_text("utf-8")


def check(book: Book, docs: Path) -> list[str]:
    """Everything that is wrong between the pages and the snippets, a sentence each."""
    problems, used = [], set()
    names = set(book.names())
    sources = {
        path: path.read_text("utf-8")
        for path in sorted(docs.rglob("*.md"))
        if "overrides" not in path.relative_to(docs).parts
    }
    known = {
        path.relative_to(docs).as_posix(): questions.anchors(_printed(book, text))
        for path, text in sources.items()
    }
    for path, source in sources.items():
        where = path.relative_to(book.root).as_posix()
        problems += questions.check(source, where, known)
        text = LITERAL.sub(_blank, source)

        def note(position: int, sentence: str) -> None:
            line = text.count("\n", 0, position) + 1  # noqa: B023
            problems.append(f"{where}, line {line}: {sentence}")  # noqa: B023

        for found in INCLUDE.finditer(text):
            used.add(found[2])
            if found[2] not in names:
                hint = _near(found[2], names)
                note(found.start(), f"there is no snippet {found[2]}{hint}")
        for found in FIGURE.finditer(text):
            used.add(found[2])
            if found[2] not in names:
                hint = _near(found[2], names)
                note(found.start(), f"there is no snippet {found[2]}{hint}")
            elif book.figure(found[2]) is None and not _failed(book, found[2]):
                note(found.start(), f"snippets/{found[2]}.py leaves no figure open")
            if len(found[1]) < 30:
                note(found.start(), "this figure's alt text does not tell the finding")
        for found in VALUE.finditer(text):
            used.add(found[1])
            if not _failed(book, found[1]):
                try:
                    value(book, *found.groups())
                except PageError as error:
                    note(found.start(), str(error))
        for position, what in _forbidden(text):
            note(position, what)
    for name in sorted(names - used):
        problems.append(
            f"snippets/{name}.py is on no page: include it in docs/, or remove it"
        )
    return problems


def _printed(book: Book, text: str) -> str:
    """The page with what its snippets printed, which may hold headings."""

    def read(found: re.Match) -> str:
        path = book.output(found[2], "txt")
        return path.read_text("utf-8") if found[3] == "txt" and path.exists() else found[0]

    return INCLUDE.sub(read, text)


def _failed(book: Book, name: str) -> bool:
    """Whether the snippet's own failure has been reported, so that a page need not."""
    outcome = book.outcome(name)
    return bool(outcome and outcome.error)


def _near(name: str, known) -> str:
    near = difflib.get_close_matches(name, list(known), 1, 0.5)
    return f"; did you mean {near[0]}?" if near else ""


def _blank(found: re.Match) -> str:
    return re.sub(r"[^\n]", " ", found[0])


@functools.lru_cache(maxsize=64)
def _forbidden(text: str) -> list[tuple[int, str]]:
    """Where a text has what it may not have, and what that is."""
    return list(_forbidden_parts(text))


def _forbidden_parts(text: str) -> Iterator[tuple[int, str]]:
    """Hand-written Python, and numbers that look measured but were typed."""
    for found in re.finditer(r"^[ \t]*```(\S*)[^\n]*\n(.*?)^[ \t]*```", text, re.M | re.S):
        if found[1].startswith(("python", "{.py", "py")) and "--8<--" not in found[2]:
            yield found.start(), "Python is included from snippets/, not written in a page"
    prose = text
    for pattern in (
        r"^---\n.*?\n---\n",  # front matter
        r"^[ \t]*```.*?^[ \t]*```",  # fences
        r"<!--.*?-->",
        r"\$\$.*?\$\$|\$[^$\n]+\$|\\\(.*?\\\)|\\\[.*?\\\]",  # mathematics
        r"`[^`\n]+`",
        r"\b(?:Python|version|layer|section) \d+(?:\.\d+)*",  # names, not measurements
        r"\{\{.*?\}\}",
        r"\]\([^)]*\)|<[^>]+>|https?://\S+",  # addresses
        r"^[^\n]*\[\^\w+\][^\n]*$",  # a line with a citation
    ):
        flags = re.M | re.S if "```" in pattern or "--" in pattern else re.M
        flags |= re.S if pattern.startswith(r"\$\$") else 0
        prose = re.sub(pattern, _blank, prose, flags=flags)
    for found in MEASUREMENT.finditer(prose):
        yield found.start(), (
            f"“{found[0].strip()}” looks measured: name it in a snippet and quote it as"
            " {{ chapter/idea.name }}, or cite where it is from with a footnote"
        )
