"""What a page may not hold, and what to write instead: a sentence each, before anything is made.

What this site's Markdown does not know would be published as it was typed, and nobody would be
told. Knows Markdown text only; `docs/contributing.md` shows the table.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from scripts.pages.patterns import FIGURE, FRONT, LITERAL, PLAN, VALUE

DESCRIPTION = 20, 160  # letters of a page's description: fewer tell nothing, more are cut
ALT = 30  # letters of a figure's alt text, at least

# A measurement is a decimal number, a share, or a number with a unit.
MEASUREMENT = re.compile(
    r"(?<![\w.$#/-])(?:\d+\.\d+|\d[\d,.]*(?: ?%|[  ]?(?:ms|s|kB|MB|GB|MiB|GiB|×)\b))"
)
FENCED = re.compile(r"^[ \t]*```.*?^[ \t]*```", re.M | re.S)
HAND_WRITTEN = re.compile(r"^[ \t]*```(\S*)[^\n]*\n(.*?)^[ \t]*```", re.M | re.S)
NO_PROSE = [  # in this order
    FRONT,
    FENCED,
    re.compile(r"<!--.*?-->", re.M | re.S),
    re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$|\\\(.*?\\\)|\\\[.*?\\\]", re.M | re.S),  # mathematics
    re.compile(r"`[^`\n]+`"),
]
NO_NUMBERS = [  # … of numbers that look measured
    re.compile(r"\b(?:Python|version|layer|section) \d+(?:\.\d+)*"),  # names
    re.compile(r"\{\{.*?\}\}"),
    re.compile(r"\]\([^)]*\)|<[^>]+>|https?://\S+"),  # addresses
    re.compile(r"^[^\n]*\[\^\w+\][^\n]*$", re.M),  # a line with a citation
]
# What stands there → what it is, an example, and what to write instead.
UNSPOKEN = [
    (r"^[ \t]*=== +\"", "tabs", '=== "PyTorch"', "a section each, or a fold: ??? note \"…\""),
    (r"==(?=\S)[^=\n]+(?<=\S)==", "highlighting", "==mark==", "*stress* or **strong stress**"),
    (r"~~(?=\S)[^~\n]+(?<=\S)~~", "deletion", "~~gone~~", "the sentence without it"),
    (r"^ {0,3}[-*+] \[[ xX]\] ", "a task list", "- [ ] todo", 'a list, or a question: !!! question "…?"'),
    (r"(?<![\w:`]):[a-z][a-z_]+(?:-[a-z0-9-]+)*:(?![\w:])", "an icon", ":smile:", "a word"),
    (r"^ {0,3}\*\[[^\]\n]+\]: ", "an abbreviation", "*[GPU]: …", "a link to glossary.md#…"),
    (r"<img\b", "an image by HTML", '<img src="a.png">', "a figure of a snippet, or SVG in the page"),
]  # fmt: skip
KNOWN = [(re.compile(p, re.M), what, instead) for p, what, _, instead in UNSPOKEN]
DIAGRAM = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[ \t]*(?:\{ *\.)?(mermaid|plantuml|dot|graphviz)\b", re.M)
IMAGE = re.compile(
    r'!\[[^\]]*\]\((?:"[^"\n]*"|[^()"\n])*\)(?:\{[^}\n]*\})?|!\[[^\]]*\]\[[^\]]*\]'
)
BRACES = re.compile(r"\{\{.*?(?:\}\}|$)|\}\}", re.M)


def blank(found: re.Match) -> str:
    """As many spaces and line ends, so that what follows keeps its line."""
    return re.sub(r"[^\n]", " ", found[0])


@functools.lru_cache(maxsize=64)  # while serving, most pages are as they were
def refused(text: str) -> list[tuple[int, str]]:
    """Where a page has what it may not have, and what to write instead.

    Args:
        text: its Markdown; what it shows between four backticks may be anything.
    """
    return [*_described(text), *_parts(LITERAL.sub(blank, text))]


def _described(text: str) -> Iterator[tuple[int, str]]:
    """A page says at its head what it is about: for the search engines, and the list of pages."""
    front = FRONT.match(text)
    told = re.search(r"^description: *(.*)$", front[0], re.M) if front else None
    least, most = DESCRIPTION
    if not told:
        yield 0, "a page begins with three lines: ---, description: what it is about, ---"
    elif not least < len(told[1].strip("\"'")) < most:
        yield told.start(), f"a description has {least} to {most} letters: this has {len(told[1])}"


def _parts(text: str) -> Iterator[tuple[int, str]]:
    for found in HAND_WRITTEN.finditer(text):
        if found[1].startswith(("python", "{.py", "py")) and "--8<--" not in found[2]:
            yield found.start(), "Python is included from snippets/, not written in a page"
    for found in DIAGRAM.finditer(text):
        yield found.start(), (
            f"{found[1]} is shown as the text that it is: draw the diagram as SVG in the page"
        )
    prose = text
    for pattern in NO_PROSE:
        prose = pattern.sub(blank, prose)
    for found in BRACES.finditer(PLAN.sub(blank, VALUE.sub(blank, prose))):
        yield found.start(), (
            f"“{found[0].strip()}” is no value: write {{{{ chapter/idea.name }}}}, with a format"
            " {{ chapter/idea.name:.2f }}; how a value is rounded or counted says the snippet"
        )
    for pattern, what, instead in KNOWN:
        for found in pattern.finditer(prose):
            yield found.start(), f"{what}, “{found[0].strip()}”, is not known here: write {instead}"
    for found in IMAGE.finditer(prose):
        begin, end = prose.rfind("\n", 0, found.start()) + 1, prose.find("\n", found.end())
        beside = prose[begin : found.start()] + prose[found.end() : end if end >= 0 else None]
        if not FIGURE.match(found[0]):
            yield found.start(), (
                "an image from elsewhere has no form for the dark and no program: let a snippet"
                " draw it, ![…](figures/chapter/idea.svg), or write it as SVG into the page"
            )
        elif beside.strip():
            yield found.start(), "a figure stands on a line of its own, with an empty one around it"
    for pattern in NO_NUMBERS:
        prose = pattern.sub(blank, prose)
    for found in MEASUREMENT.finditer(prose):
        yield found.start(), (
            f"“{found[0].strip()}” looks measured: name it in a snippet and quote it as"
            " {{ chapter/idea.name }}, or cite where it is from with a footnote"
        )
