"""What stands in the place of an output that is not there yet, while `mkdocs serve` computes it.

A box of the kind that will come, with a sentence; a number in a sentence is three dots. Each box
names its snippet in `data-waits`, so that `scripts/serve/page.js` can say more and put the output
there. Nothing of this is in a site that is built to be published: that waits for every output.
"""

from __future__ import annotations

import html
import re

from scripts.compute.book import Book

# A number that is not there yet. It goes through Markdown, attributes, formulas and the search as
# what it looks like, and is found again by the joiners around it, which nobody sees.
DOTS = "\u2060…\u2060"
TOLD = (
    '<span class="pending-value" title="This number is being computed, and will appear here.">'
    f"{DOTS}</span>"
)
KINDS = {
    "text": "What this program prints",
    "table": "The table that this program prints",
    "figure": "The figure that this program draws",
}
# Where no element may stand, and the dots say enough: in a tag, a drawing, a formula, a title.
WHERE = re.compile(
    rf"<(svg|math|title|script|style|textarea|option|code)\b.*?</\1>|<[^>]*>|{DOTS}", re.S
)


def sentence(kind: str) -> str:
    """What stands in a box until more is known."""
    return f"{KINDS[kind]} is being computed, and will appear here."


def fence(name: str, kind: str, indent: str, dressed: bool) -> str:
    """The box of a text or of a table, in Markdown."""
    info = f'{{ .text .output .pending data-waits="{name}" }}' if dressed else "text"
    return f"{indent}```{info}\n{indent}{sentence(kind)}\n{indent}```"


def figure(book: Book, name: str, says: str, made: str) -> str:
    """The box of a figure, as large as the last drawing that lies there, with its caption.

    Args:
        says, made: the caption and the line under it, as HTML.
    """
    size, drawn = "", book.figure(name)
    if drawn and (found := re.search(r'\swidth="([\d.]+)" height="([\d.]+)"', drawn.read_text("utf-8"))):
        size = f' style="--wide:{found[1]};--high:{found[2]}"'
    return (
        f'<figure class="computed pending" id="{name.replace("/", "-")}" data-waits="{name}"{size}>'
        f'<p class="pending-says">{html.escape(sentence("figure"))}</p>'
        f"<figcaption>{says}{made}</figcaption></figure>"
    )


def drawing(name: str) -> str:
    """The file of a figure that is not drawn yet."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="40" viewBox="0 0 320 40">'
        f'<text x="8" y="25" font-size="12">{html.escape(name)} is being computed</text></svg>'
    )


def told(page: str) -> str:
    """A finished page, its dots with words for who points at them or listens."""
    if DOTS not in page:
        return page
    return WHERE.sub(lambda found: TOLD if found[0] == DOTS else found[0], page)
