"""Code on a page: how much room it needs, and its colors, in few elements and only at the end."""

from __future__ import annotations

import hashlib
import html
import re
import textwrap

from scripts.pages.patterns import BOX, CODE, COLORED, RUNS, TAG, UNCOLORED

PHONE = 43  # letters of a line of code on a phone, where code.css breaks printed ones
PRINTED = re.compile(r'class="(output|language-text) ')
ALIGNED = re.compile(r"\S {2,}\S")  # columns, which a broken line would tear apart
_colored: dict[str, str] = {}  # code with its colors, by digest, until the page is finished


def ready(content: str) -> str:
    """A page's HTML, each box of code with its size, and without its colors; see `colored`.

    The search plugin took longer over the colors of the code than over all the text.
    """
    return CODE.sub(_plain, BOX.sub(_with_size, content))


def colored(page: str) -> str:
    """A finished page with the colors that `ready` has kept."""
    return COLORED.sub(lambda found: f"<code>{_colored[found[1]]}</code>", page)


def fewer(code: str) -> str:
    """Colored code in half as many elements: a page of code is made of little else."""
    code = UNCOLORED.sub(r"\1", code)
    for run, kind in RUNS:
        code = run.sub(lambda found: f'<span class="{kind}">{TAG.sub("", found[0])}</span>', code)
    return code


def _with_size(found: re.Match) -> str:
    """A box of code that says how high it will be, in lines, and how wide, in letters.

    So its place is kept free before it is laid out; see code.css and book.js. Printed lines that
    stand in no columns are broken on a phone (`wraps`), and say how high they will be there.
    """
    named = 1.6 if found[2] else 0  # the name above the code, and the space around it
    lines = html.unescape(TAG.sub("", found[3])).rstrip("\n").split("\n")
    size = f"--lines:{len(lines) + named:g};--letters:{max(map(len, lines))}"
    attributes = found[1]
    if PRINTED.search(attributes) and not any(map(ALIGNED.search, lines)):
        attributes = attributes.replace('highlight"', 'highlight wraps"', 1)
        size += f";--broken:{sum(len(textwrap.wrap(line, PHONE)) or 1 for line in lines)}"
    return f'<div{attributes} style="{size}">'


def _plain(found: re.Match) -> str:
    """Code without its colors, which are kept."""
    if "<span" not in found[2]:
        return found[0]
    key = hashlib.sha256(found[2].encode()).hexdigest()[:16]
    _colored[key] = fewer(found[2])
    return f'{found[1]}<code data-colored="{key}">{TAG.sub("", found[2])}</code>'
