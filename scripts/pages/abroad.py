"""A translated page among the others: where it leads, what the theme is given, what comes before and after.

A translation lies in a folder of its own, `docs/pt`, and in no list of pages. What it leads to is
found beside it, or else among the English pages. Only copies what the site generator gives, by its
names for titles and addresses, and knows nothing else of it.
"""

from __future__ import annotations

import copy
import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

from scripts.pages.tongues import ENGLISH, Tongue, mark, now, phrase

BOX = re.compile(r'<div (?=class="[^"]*\bhighlight\b)')  # of code, or of what it printed
CONFIG = re.compile(r'(<script id="__config" type="application/json">[^<]*?"base": ")[^"]*')
# The theme's script asks the folder of each such link for a list of pages, and leads its readers to
# that folder; it knows them by rel="alternate" and by no other spelling.
OTHERS = re.compile(r'(?<=<link rel="alternate)(?=" (?:href="[^"]*" hreflang=|type="text/markdown"))')
ASIDE = re.compile(r'\s*<link rel="alternate" href="#[^>]*>')  # of a switch that leads to no page
BEFORE = 4  # mkdocs looks whether what a link leads to is there


class Leading(Extension):
    """Lets the links and figures of a page lead where `lead` says: address, whether it is English."""

    def __init__(self, lead: Callable[[str], tuple[str, bool]]):
        super().__init__()
        self.lead = lead

    def extendMarkdown(self, md: Markdown) -> None:
        leading = _Leading(md)
        leading.lead = self.lead
        md.treeprocessors.register(leading, "leading", BEFORE)


class _Leading(Treeprocessor):
    lead: Callable[[str], tuple[str, bool]]

    def run(self, root) -> None:
        for one in root.iter():
            name = {"a": "href", "img": "src"}.get(one.tag)
            if not name or not (address := one.get(name)):
                continue
            led, english = self.lead(address)
            one.set(name, led)
            if english and now().home:
                one.set("hreflang", ENGLISH.code)


def lead(docs: Path, address: str) -> tuple[str, bool]:
    """Where a link or figure of a translation leads: to the page beside it, or else to the English one.

    Args:
        address: as the original has it, from the folder of its pages: "glossary.md#token".

    Returns:
        The address from the translation's folder, and whether an English page is there.
    """
    path = address.partition("#")[0]
    if not now().home or not path or re.match(r"\w+:|/|\.\./", path):
        return address, path.startswith("../")
    if (docs / now().home / path).exists():
        return address, False
    return f"../{address}", path.endswith((".md", ".ipynb"))


def finished(page: str, here: str) -> str:
    """A finished page: what programs wrote is marked, and the search asks for the language's index.

    Args:
        here: its address.
    """
    page = OTHERS.sub(" ", ASIDE.sub("", page))
    if not now().home:
        return page
    base = posixpath.relpath(now().home, here or ".")
    page = CONFIG.sub(rf"\g<1>{base}", BOX.sub(f"<div{mark()} ", page))
    return page.replace("Link to this section", phrase("Link to this section"))


def config(given: Any, switch: list[dict[str, str]]) -> Any:
    """The settings for one page: the theme's words in its language, and the way to the others.

    Args:
        switch: the name, the language and the address of this page in each language.
    """
    made = dict(given)
    if len(switch) > 1:
        made["extra"] = {**given["extra"], "alternate": switch}
    if now().home:
        palette = copy.deepcopy(given["theme"]["palette"])
        for one in palette:
            one["toggle"]["name"] = phrase(one["toggle"]["name"])
        made["theme"] = {**given["theme"], "language": now().code, "palette": palette}
        for name in ("site_name", "copyright"):
            made[name] = phrase(given[name])
        toc = {**given["mdx_configs"]["toc"], "title": phrase("On this page")}
        made["mdx_configs"] = {**given["mdx_configs"], "toc": toc}
    return made


def switch(here: str, there: dict[str, Tongue], pages: set[str]) -> list[dict[str, str]]:
    """The ways from a page to the same in each language.

    Args:
        here: its address; pages: the addresses of all. Where a language has no such page, the way
        leads to the line that says so: see docs/overrides/main.html.
    """
    plain = here.removeprefix("./").removeprefix(now().home)
    made = []
    for one in (ENGLISH, *there.values()):
        found = one.home + plain in pages
        link = (one.home + plain or ".") if found else f"#{one.code}"
        made.append({"name": one.name, "lang": one.code, "link": link})
    return made


def navigation(nav: Any, pages: dict[str, Any], link: Callable[[str, str], Any]) -> Any:
    """The list of pages in the language of now; those that it has not lead to the English ones.

    Args:
        nav: the list of the site generator; pages: its pages by their address.
        link: makes an entry of a title and an address.
    """
    made, row = copy.copy(nav), []

    def entry(item: Any, parent: Any) -> Any:
        if item.is_section:
            one = copy.copy(item)
            one.title = phrase(item.title)
            one.children = [entry(child, one) for child in item.children]
        else:
            one = pages.get(now().home + item.url.removeprefix("./"))
            if one is None:
                title = phrase("{title} (in English)", title=item.title)
                one = link(title, f"{item.url}#{now().code}")
            row.append(one)
        one.parent = parent
        return one

    made.items = [entry(item, None) for item in nav.items]
    made.pages = [one for one in row if one.is_page]
    made.homepage = pages.get(now().home, nav.homepage)
    for before, after in zip([None, *row], [*row, None]):
        if before is not None and before.is_page:
            before.next_page = after
        if after is not None and after.is_page:
            after.previous_page = before
    return made
