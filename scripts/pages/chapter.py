"""What a page says about snippets: the three spellings, filled in and checked.

Knows Markdown text and the runner's outputs, and nothing of the site generator. The
questions of a page are checked with the rest, by `asked.check`.

    --8<-- "chapter/idea.py"  or  "chapter/idea.txt"      code, printed text
    ![what it shows](figures/chapter/idea.svg "caption")  figure
    {{ chapter/idea.name:.2f }}                           value

and two for what a teacher plans with, made from the chapter itself:

    {{ minutes/chapter }}  {{ goals/chapter }}            how long to read it, what for

What a sentence says of values that differ from build to build is asked by `relations`.
"""

from __future__ import annotations

import difflib
import functools
import math
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts.compute.book import Book
from scripts.pages import asked, bounds, minutes, pending, printed, questions, relations
from scripts.pages.outputs import Output, included
from scripts.pages.patterns import (
    ANY,
    DRESSED,
    FENCE,
    FIGURE,
    FILE,
    INCLUDE,
    LITERAL,
    PLAN,
    SHOWN,
    TITLE,
    VALUE,
)
from scripts.pages.refused import ALT, blank, refused
from scripts.pages.tongues import digits, whole
from scripts.pages.translations import original, wrong

# In prose: an include, a span of code, a value.
PLACE = re.compile(
    "|".join([FILE.pattern, printed.SPAN, VALUE.pattern, PLAN.pattern]), re.M | re.S
)
DRESSING = {  # a fence and what it includes → how the site wants it opened
    ("python", "py"): '{{ .python title="{}" }}',
    ("text", "txt"): "{{ .text .output }}",
}

MINUS = re.compile(r"^-(?=[\d.])")
POWER = re.compile(r"(-?[\d.]+)e([+-]\d+)")  # 8e-14, as Python writes it


class PageError(Exception):
    """One clear sentence: which page and line, what is wrong, what would be right."""


def value(book: Book, name: str, variable: str, form: str | None) -> str:
    """The value of a snippet's variable, formatted as f-strings do.

    Raises:
        PageError: there is no such snippet, variable or format; names the nearest.
    """
    if name in book.pending:  # asked first: to list all snippets takes ten milliseconds
        return pending.DOTS
    outcome = book.outcome(name)
    if outcome is None and name not in (names := book.names()):
        raise PageError(f"there is no snippet {name}{_near(name, names)}")
    if outcome is None or outcome.error:
        raise PageError(f"snippets/{name}.py has no values: its last run failed")
    if variable not in outcome.values:
        assigned = re.search(rf"^{variable}\b[^=\n]*=[^=]", Output(book, name).code or "", re.M)
        raise PageError(
            f"{name}.{variable} cannot stand in a sentence: a number, a text or a truth value can,"
            " whose name does not begin with _; let the snippet name what you want to say"
            if assigned
            else f"snippets/{name}.py leaves no value {variable}"
            f"{_near(variable, list(outcome.values))}"
        )
    found = outcome.values[variable]
    if isinstance(found, float) and not math.isfinite(found):
        raise PageError(
            f"{name}.{variable} is {found}, which tells a reader nothing: look for a division by"
            f" zero or an empty mean in snippets/{name}.py"
        )
    try:
        return bounds.written(found, form or "")
    except ValueError as error:
        raise PageError(f"{name}.{variable} cannot be written as {form}: {error}") from None


def number(book: Book, name: str, variable: str) -> float:
    """A value that a relation compares.

    Raises:
        RelationError: there is none, or it is no number.
        NotYet: it is being computed.
    """
    if name in book.pending:
        raise relations.NotYet
    try:
        value(book, name, variable, None)
    except PageError as error:
        raise relations.RelationError(str(error)) from None
    found = book.outcome(name).values[variable]
    if not isinstance(found, (int, float)):
        raise relations.RelationError(f"{name}.{variable} is no number, and cannot be compared")
    return found


def fill(book: Book, text: str, dressed: bool = True) -> str:
    """A page's Markdown with its values, its code and what that printed in place, as text.

    An unknown value or file stays visible; `check` has named it.

    Args:
        dressed: with the names of files and the marks that the site's own look needs.
    """
    text = relations.placed(text, functools.partial(number, book))
    parts, end = [], 0
    for found in FENCE.finditer(text):
        parts += [_prose(book, text[end : found.start()], dressed), _fence(book, found, dressed)]
        end = found.end()
    return "".join([*parts, _prose(book, text[end:], dressed)])


def reading(book: Book, text: str) -> int:
    """About how many minutes a page takes to read."""
    return minutes.reading(text, lambda name: Output(book, name).code)


def planned(book: Book, what: str, page: str) -> str | None:
    """The minutes or the goals of a chapter, as Markdown for a line; None if it names no goal."""
    path = book.root / "docs" / f"{page}.md"
    text = path.read_text("utf-8") if path.is_file() else ""
    found = [question.goal.rstrip(".") for question in questions.parse(text) if question.goal]
    if not found:
        return None
    return str(reading(book, text)) if what == "minutes" else "; ".join(found)


def quoted(book: Book, text: str) -> str:
    """A page's Markdown with its values alone in place, line for line as its author wrote it."""
    return _value(book, text, printed.prose)


def _prose(book: Book, text: str, dressed: bool) -> str:
    """What stands between two fences, filled."""

    def place(found: re.Match) -> str:
        if include := FILE.fullmatch(found[0]):
            return _alone(book, *include.groups(), dressed)
        if found["plan"]:
            said = planned(book, found["plan"], found["page"])
            return f"**⚠ {found['page']}**" if said is None else said
        if not found["ticks"]:
            return _value(book, found[0], printed.prose)
        said = _value(book, found["span"])
        return found[0] if said == found["span"] else printed.code(said.strip())

    return PLACE.sub(place, text)


def _value(book: Book, text: str, show: Callable[[str], str] = str) -> str:
    """A text with its values in place; those that are text themselves as `show` gives them.

    A number in a sentence has a minus, and no hyphen: that may stand alone at the end of a line.
    A small one has a power of ten, where a program writes 8e-14.
    """

    def replace(found: re.Match) -> str:
        try:
            said = value(book, *found.groups())
        except PageError:
            return f"**⚠ {found[1]}.{found[2]}**"
        if said == pending.DOTS:
            return said
        if isinstance(book.outcome(found[1]).values[found[2]], str):
            return show(said)
        if show is not printed.prose:
            return said
        power = POWER.fullmatch(said)
        return _power(*power.groups()) if power else MINUS.sub("−", digits(said))

    return VALUE.sub(replace, text)


def _power(figures: str, power: str) -> str:
    """A number of digits times a power of ten, as a formula of a sentence."""
    if not float(figures):
        return "0"
    written = digits(figures).replace(",", "{,}")
    factor = "" if float(figures) == 1 else rf"{written} \cdot "
    return f"${factor}10^{{{int(power)}}}$"


def _alone(book: Book, indent: str, name: str, dressed: bool) -> str:
    """An include that stands in no fence: a printed table, or else a fence is put around it."""
    text = included(book, name)
    if text is None:
        return f'{indent}**⚠ {_no_file(book, name)}**' if dressed else f'{indent}--8<-- "{name}"'
    if name.removesuffix(".txt") in book.pending:
        return pending.fence(name.removesuffix(".txt"), "table", indent, dressed)
    if name.endswith(".txt"):
        table = Output(book, name.removesuffix(".txt")).table(indent)
        if table is not None:
            return whole(table) if dressed and not indent else table
    info = "{ .text .output }" if dressed else "text"
    return printed.fence(textwrap.indent(text, indent), info, indent)


def _fence(book: Book, found: re.Match, dressed: bool) -> str:
    """A fence with its values and its files in place, and marked as what it is."""
    indent, mark, info, body = found.groups()
    if not dressed and (given := DRESSED.fullmatch(info)):
        title = TITLE.search(given[2])
        info = given[1] + (title[0] if title else "")
    if mark.startswith("````"):
        return SHOWN.sub("", found[0].replace(found["info"], info, 1))
    lines, first = [], INCLUDE.match(body)
    if first and first[3] == "txt" and first[2] in book.pending:
        return pending.fence(first[2], "text", indent, dressed)
    for line in body.removesuffix("\n").split("\n"):
        file = FILE.fullmatch(line)
        text = included(book, file[2]) if file else None
        if file and text is None and dressed:
            lines.append(f"{file[1]}⚠ {_no_file(book, file[2])}")
        elif text is None:
            lines.append(SHOWN.sub("", _value(book, line)).replace("\n", f"\n{indent}"))
        else:
            lines.append(textwrap.indent(text, file[1]))
    kind = (info.strip(), first[3]) if first else ()
    if dressed and kind in DRESSING:
        info = DRESSING[kind].format(f"{first[2]}.{first[3]}")
    return printed.fence("\n".join(lines), info, indent, mark)


def captioned(text: str) -> Iterator[tuple[str, int]]:
    """The snippets of a page whose last output is text: name and where that output ends.

    A figure carries its caption itself; printed text needs one after it.
    """
    last: dict[str, tuple[int, str]] = {}
    text = LITERAL.sub(blank, text)
    for found in INCLUDE.finditer(text):
        if found[3] == "txt":
            close = re.compile(r"\n[ \t]*```[ \t]*$", re.M).match(text, found.end())
            last[found[2]] = (close.end() if close else found.end()), found[1]
    drawn = {found[2] for found in FIGURE.finditer(FENCE.sub(blank, text))}
    for name, (end, indent) in last.items():
        if name not in drawn and not indent:
            yield name, end


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
        path.relative_to(docs).as_posix(): asked.anchors(_printed(book, text))
        for path, text in sources.items()
    }
    for path, source in sources.items():
        where = path.relative_to(book.root).as_posix()
        if english := original(path, docs):
            problems += wrong(english.read_text("utf-8"), source, where)
        else:
            problems += asked.check(source, where, known)
        text = LITERAL.sub(blank, source)

        def note(position: int, sentence: str) -> None:
            line = text.count("\n", 0, position) + 1  # noqa: B023
            problems.append(f"{where}, line {line}: {sentence}")  # noqa: B023

        for found in INCLUDE.finditer(text):
            used.add(found[2])
            module = book.snippets_dir / f"{found[2]}.{found[3]}"  # which programs share
            if found[2] not in names and not module.is_file():
                hint = _near(found[2], names)
                note(found.start(), f"there is no snippet {found[2]}{hint}")
        fences = [fence.span() for fence in FENCE.finditer(text)]
        for found in ANY.finditer(text):
            alone = not any(start < found.start() < end for start, end in fences)
            if sentence := _wrong_include(book, found, alone):
                note(found.start(), sentence)
        for found in FIGURE.finditer(FENCE.sub(blank, text)):
            used.add(found[2])
            if found[2] not in names:
                hint = _near(found[2], names)
                note(found.start(), f"there is no snippet {found[2]}{hint}")
            elif found[2] in book.pending:
                pass
            elif book.figure(found[2]) is None and not Output(book, found[2]).error:
                note(found.start(), f"snippets/{found[2]}.py leaves no figure open")
            if len(found[1]) < ALT:
                short = f"{ALT} letters at least"
                note(found.start(), f"this figure's alt text does not tell the finding: {short}")
        for found in VALUE.finditer(text):
            used.add(found[1])
            if not Output(book, found[1]).error:
                try:
                    said = value(book, *found.groups())
                except PageError as error:
                    note(found.start(), str(error))
                else:
                    if said != pending.DOTS and (false := _bound(book, found, text)):
                        note(found.start(), false)
        for found in PLAN.finditer(text):
            if planned(book, found["plan"], found["page"]) is None:
                note(found.start(), f"docs/{found['page']}.md is no chapter that names its goals")
        for position, what in [*refused(source), *relations.broken(text, functools.partial(number, book))]:
            note(position, what)
    for name in sorted(names - used):
        problems.append(
            f"snippets/{name}.py is on no page: include it in docs/, or remove it"
        )
    return problems


def _bound(book: Book, found: re.Match, text: str) -> str | None:
    """What is wrong with a value as the bound that the words before it name."""
    kept = book.outcome(found[1]).values[found[2]]
    return bounds.broken(kept, found[3] or "", text[max(0, found.start() - 300) : found.start()])


def _wrong_include(book: Book, found: re.Match, alone: bool) -> str | None:
    """What is wrong with an include of something that is not a missing snippet.

    Args:
        alone: it stands in no fence.
    """
    file = FILE.fullmatch(found[0])
    if not file:
        return 'an include is a line of its own: --8<-- "chapter/idea.py"'
    name, named = file[2], INCLUDE.fullmatch(found[0])
    text = included(book, name)
    if text is None:
        return None if named else f"there is no file snippets/{name}"
    if _never_run(book, name):
        place = f"snippets/<chapter>/{name.rpartition('/')[2]}"
        return f"snippets/{name} is never run, as it lies in no chapter's folder: move it to {place}"
    if not name.endswith(".txt"):
        return f"{name} is code: include it in a fence" if alone else None
    if not named or named[2] in book.pending or Output(book, named[2]).error:
        return None
    if not text.strip():
        return f"snippets/{named[2]}.py prints nothing, and the page shows what it printed"
    try:
        if alone:
            printed.blocks(text)
    except printed.PrintedError as error:
        return f"snippets/{named[2]}.py prints what cannot be shown as a table: {error}"
    return None


def _never_run(book: Book, name: str) -> bool:
    """Whether a program that a page shows lies where the build does not look.

    One beside the chapters' folders, or below one, is right if a snippet imports it.
    """
    if not name.endswith(".py") or name.count("/") == 1:
        return False
    path = book.snippets_dir / name
    return not any(path in book.snippet(one).files for one in book.names())


def _printed(book: Book, text: str) -> str:
    """The page with what its snippets printed, which may hold headings."""
    return fill(book, text)


def _no_file(book: Book, name: str) -> str:
    """What is wrong with an include of a file that is not there."""
    snippet, dot, kind = name.rpartition(".")
    if kind in ("py", "txt") and snippet.count("/") == 1:
        if snippet in (names := book.names()):
            return f"snippets/{snippet}.py has not run"
        return f"there is no snippet {snippet}{_near(snippet, names)}"
    return f"there is no file snippets/{name}"


def _near(name: str, known) -> str:
    near = difflib.get_close_matches(name, list(known), 1, 0.5)
    return f"; did you mean {near[0]}?" if near else ""
