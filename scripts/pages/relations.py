"""What a sentence needs to be true, written beside it and asked at each build.

    The line rises.<!-- holds: chapter/idea.long > 1.5 * chapter/idea.short and chapter/idea.short > 1 -->

Times differ from build to build. A sentence that says more of them than their values needs a
relation, and the page fails where the numbers of this build break it. Readers do not see it.
Knows Markdown text and nothing of the runner: values come from a function.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator

from scripts.pages import bounds
from scripts.pages.patterns import FENCE, LITERAL, NAME, VALUE

HOLDS = re.compile(r"[ \t]*<!-- *holds:(.*?)-->", re.S)
COMPARED = re.compile(r"(<=|>=|<|>)")
TERM = re.compile(rf"(?:(?P<times>\d+(?:\.\d+)?) *\* *)?(?P<name>{NAME})\.(?P<variable>\w+)")
PLAIN = re.compile(r"-?\d+(?:\.\d+)?")
OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
END = re.compile(r"(?<=[.!?])[*”)]*(?:\[\^[\w-]+\])*\s+")  # of a sentence

Number = Callable[[str, str], float]  # a snippet and its variable → its value


class RelationError(Exception):
    """One clear sentence: what cannot be read, and how it is written."""


class NotYet(Exception):
    """A value is still being computed, so nothing can be said of the relation."""


def broken(text: str, number: Number) -> Iterator[tuple[int, str]]:
    """The relations of a page that these values break, or that cannot be read.

    Returns:
        For each the position of its comment, and what to say of it.
    """
    shown = [found.span() for kind in (LITERAL, FENCE) for found in kind.finditer(text)]
    for found in HOLDS.finditer(text):
        if any(start <= found.start() < end for start, end in shown):
            continue
        try:
            wrong = [said for one in found[1].split(" and ") if (said := _wrong(one, number))]
        except NotYet:
            continue
        except RelationError as error:
            yield found.start(), str(error)
        else:
            said = _sentence(text[: found.start()], number)
            yield from ((found.start(), f"“{said}” does not hold in this build: {one}") for one in wrong)


def placed(text: str, number: Number) -> str:
    """A page without its relations; where one is broken, a ⚠ stands for it."""
    wrong: dict[int, str] = {}
    for position, said in broken(text, number):
        wrong.setdefault(position, said.rpartition(": ")[2])
    shown = [found.span() for kind in (LITERAL, FENCE) for found in kind.finditer(text)]

    def place(found: re.Match) -> str:
        if any(start <= found.start() < end for start, end in shown):
            return found[0]
        return f" **⚠ {wrong[found.start()]}**" if found.start() in wrong else ""

    return HOLDS.sub(place, text)


def _wrong(relation: str, number: Number) -> str:
    """What to say of a chain of comparisons that is false; empty if it is true."""
    first, *rest = (part.strip() for part in COMPARED.split(relation))
    if not rest:
        raise RelationError(_unread(relation))
    values: dict[str, float] = {}
    left, true = _term(first, number, values), True
    for sign, term in zip(rest[::2], rest[1::2], strict=True):
        right = _term(term, number, values)
        left, true = right, true and OPERATORS[sign](left, right)
    if not values:
        raise RelationError(f"{_unread(relation)}, and it needs a value")
    are = ", ".join(f"{name} is {value:.4g}" for name, value in values.items())
    return "" if true else f"{' '.join(relation.split())}, but {are}"


def _term(text: str, number: Number, values: dict[str, float]) -> float:
    if PLAIN.fullmatch(text):
        return float(text)
    if not (found := TERM.fullmatch(text)):
        raise RelationError(_unread(text))
    values[f"{found['name']}.{found['variable']}"] = value = number(found["name"], found["variable"])
    return float(found["times"] or 1) * value


def _unread(text: str) -> str:
    return (
        f"“{text.strip()}” is no relation that the build can read: write <!-- holds:"
        " chapter/idea.value > 1.5 * chapter/idea.other -->, with <, <=, > or >=, and “and” between two"
    )


def _sentence(before: str, number: Number) -> str:
    """The last sentence of the text before a relation, with its values in place."""
    block = HOLDS.sub("", before).rstrip().rpartition("\n\n")[2]
    said = " ".join(END.split(" ".join(block.split()))[-1].split())

    def value(found: re.Match) -> str:
        try:
            return bounds.written(number(found[1], found[2]), found[3] or "")
        except (RelationError, NotYet, ValueError):
            return found[0]

    return VALUE.sub(value, said)
