"""How long a page takes to read, from its words, its code and its figures.

An estimate, and told as one: 200 words a minute, which is slower than the 238 of adults who read
their own language (M. Brysbaert, Journal of Memory and Language 109, 2019); four seconds for a line
of code and fifteen for a figure or for what a program printed are this book's own guess. What is
folded is not counted, nor are the questions: who opens an answer has stopped reading on.
Knows Markdown text only, and nothing of the site generator.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from scripts.pages.patterns import FENCE, FIGURE, FRONT, INCLUDE, TAG
from scripts.pages.questions import BLOCK, blank

WORD, LINE, LOOK = 60 / 200, 4, 15  # seconds
ROUND = 5  # minutes: more exact would be untrue
FOLD = re.compile(r"^\?\?\? .*\n(?:(?: {4}|\t).*\n|[ \t]*\n)*", re.M)
DRAWING = re.compile(r"<svg\b.*?</svg>", re.S)
HEARD = re.compile(r"\w(?:[\w'’.,-]*\w)?")


def reading(text: str, program: Callable[[str], str | None]) -> int:
    """About how many minutes a page takes to read, rounded up to five.

    Args:
        text: the page, as its author wrote it.
        program: gives the code of a snippet by its name, "chapter/idea".
    """
    text = FOLD.sub("", BLOCK.sub("", FRONT.sub("", text.rstrip("\n") + "\n")))
    lines = looks = 0
    for found in INCLUDE.finditer(text):
        if found[3] == "txt":
            looks += 1
        else:
            code = program(found[2]) or ""
            lines += sum(bool(line.strip()) for line in code.splitlines())
    for fence in FENCE.finditer(text):
        if not INCLUDE.search(fence["body"]):
            lines += sum(bool(line.strip()) for line in fence["body"].splitlines())
    prose = INCLUDE.sub("", FENCE.sub(blank, text))
    looks += len(FIGURE.findall(prose)) + len(DRAWING.findall(prose))
    words = len(HEARD.findall(TAG.sub("", DRAWING.sub("", FIGURE.sub("", prose)))))
    seconds = WORD * words + LINE * lines + LOOK * looks
    return ROUND * math.ceil(seconds / 60 / ROUND)
