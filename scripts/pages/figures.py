"""The figures of a page: found among its elements, each put where its snippet's drawing will stand.

An extension of Markdown. A figure is a paragraph that holds nothing but an image of the book,
![what it shows](figures/chapter/idea.svg "caption"). Code that shows this line, and a sentence
with an image in it, are no such paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

from scripts.pages.patterns import NAME

SOURCE = re.compile(rf"(?:\.\.?/)*figures/({NAME})\.svg")
LAST = -2  # after mkdocs has looked whether what an image leads to is there
BARE_AND = re.compile(r"&(?!#?\w+;)")


class Figures(Extension):
    """Puts `show(name, alt, caption)`, which is HTML, in the place of each figure.

    Args:
        show: is given the snippet's name, and what the author wrote as escaped text.
    """

    def __init__(self, show: Callable[[str, str, str], str]):
        super().__init__()
        self.show = show

    def extendMarkdown(self, md: Markdown) -> None:
        placing = _Placing(md)
        placing.show = self.show
        md.treeprocessors.register(placing, "figures", LAST)


class _Placing(Treeprocessor):
    show: Callable[[str, str, str], str]

    def run(self, root: Element) -> None:
        for paragraph in root.iter("p"):
            if (image := _alone(paragraph)) is None:
                continue
            if found := SOURCE.fullmatch(image.get("src", "")):
                said = (_escaped(image.get(part, "")) for part in ("alt", "title"))
                paragraph.remove(image)
                paragraph.text = self.md.htmlStash.store(self.show(found[1], *said))


def _alone(paragraph: Element) -> Element | None:
    """The image in a paragraph that holds nothing else."""
    if len(paragraph) != 1 or paragraph[0].tag != "img":
        return None
    around = (paragraph.text or "") + (paragraph[0].tail or "")
    return None if around.strip() else paragraph[0]


def _escaped(text: str) -> str:
    """Text for an attribute, in which letters may be written as numbers already: &#42;."""
    text = BARE_AND.sub("&amp;", text).replace("<", "&lt;")
    return text.replace(">", "&gt;").replace('"', "&quot;")
