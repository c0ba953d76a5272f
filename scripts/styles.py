"""The style of a page inside the page: its sheets, whole, as one text without comments and space.

A browser shows nothing before it has every style sheet. Five of them, each a request of its
own, are what a reader on a phone waited for; inside the page they come with it. No rule and no
variable is left out, whether this page seems to need it or not: its drawings, its scripts and
the sheets that these fetch later ask for more than a list of names can tell.

Tables get what the theme's script would give them later: the box that scrolls them sideways. And
a class of their own: the theme means them by `table:not([class])`, and a browser that meets such
a rule restyles the whole page whenever the class of <html> changes, as scripts do at the start.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

SHEET = re.compile(r'\n[ \t]*<link rel="stylesheet" href="([^":]+\.css)">')
EARLY = re.compile(r'<script src="([^":]*assets/(?:early|palette)\.js)"></script>')
TABLE = re.compile(r"<table>.*?</table>", re.S)
COMMENT = re.compile(r"^[ \t]*(?:/\*.*?\*/|//[^\n]*)\n", re.S | re.M)
ADDRESS = re.compile(r'url\("?(?!data:|#)([^")]+)"?\)')


def inline(site: Path) -> None:
    """Write the style sheets, and the scripts that must run first, into every page of `site`."""
    made: dict[tuple[str, ...], str] = {}  # the sheets of a page, from the root → one text
    for path in sorted(site.rglob("index.html")):
        text = TABLE.sub(_boxed, path.read_text("utf-8"))
        folder = path.parent.relative_to(site).as_posix()
        sheets = tuple(
            posixpath.normpath(posixpath.join(folder, link)) for link in SHEET.findall(text)
        )
        if not sheets:
            continue
        if sheets not in made:
            made[sheets] = joined(site, sheets)
        here = made[sheets].replace("url(/", f"url({posixpath.relpath('.', folder)}/")
        text = SHEET.sub(lambda found: f"\n<style>{here}</style>", text, count=1)
        text = SHEET.sub("", text)
        text = EARLY.sub(lambda found: _script(path.parent / found[1]), text)
        path.write_text(text, "utf-8", newline="\n")


def _boxed(table: re.Match) -> str:
    """A table as the theme's script leaves it, with the class that `joined` writes."""
    plain = table[0].replace("<table>", '<table class="plain">', 1)
    box = '<div class="md-typeset__scrollwrap"><div class="md-typeset__table">'
    return f"{box}{plain}</div></div>"


def _script(path: Path) -> str:
    """A short script as it stands in a page: without comments, its names to itself."""
    return f"<script>{{\n{COMMENT.sub('', path.read_text('utf-8')).strip()}\n}}</script>"


def joined(site: Path, sheets: tuple[str, ...]) -> str:
    """Several style sheets as one, with addresses from the root of the site: url(/…).

    Args:
        sheets: their places from the root, in their order.
    """
    from rcssmin import cssmin

    parts = []
    for sheet in sheets:

        def from_root(found: re.Match) -> str:
            folder = posixpath.dirname(sheet)
            return f"url(/{posixpath.normpath(posixpath.join(folder, found[1]))})"

        parts.append(ADDRESS.sub(from_root, cssmin((site / sheet).read_text("utf-8"))))
    return "".join(parts).replace(":not([class])", ".plain")  # of the same weight
