"""The style of a page inside the page: its sheets as one text.

A browser shows nothing before it has every style sheet. Five of them, each a request of its
own, are what a reader on a phone waited for; inside the page they come with it. The book's own
sheets come whole. The theme has rules for much that this book has not: PurgeCSS takes out those
that name a class or an element that is in no page and no script. No variable is left out: the
drawings, the scripts and the sheets that these fetch later ask for them too.

Tables get what the theme's script would give them later: the box that scrolls them sideways. And
a class of their own: the theme means them by `table:not([class])`, and a browser that meets such
a rule restyles the whole page whenever the class of <html> changes, as scripts do at the start.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import tempfile
from pathlib import Path

from scripts.base import ROOT, node
from scripts.base.files import put
from scripts.pages import tables

WORD = re.compile(r"[A-Za-z0-9_-]+")  # as PurgeCSS finds them

SHEET = re.compile(r'\n[ \t]*<link rel="stylesheet" href="([^":]+\.css)">')
EARLY = re.compile(r'<script src="([^":]*assets/(?:early|palette)\.js)"></script>')
COMMENT = re.compile(r"^[ \t]*(?:/\*.*?\*/|//[^\n]*)\n", re.S | re.M)
ADDRESS = re.compile(r'url\("?(?!data:|#)([^")]+)"?\)')


def inline(site: Path, cache: Path) -> None:
    """Write the style sheets, and the scripts that must run first, into every page of `site`.

    Args:
        cache: a folder that keeps what was made from the same sheets for the same words.

    Raises:
        NodeError: PurgeCSS could not be fetched, or could not read a sheet.
    """
    pages = {
        path: tables.each(path.read_text("utf-8"), _boxed)
        for path in sorted(site.rglob("index.html"))
    }
    scripts = (path.read_text("utf-8") for path in sorted(site.rglob("assets/**/*.*js")))
    words = {word for text in [*pages.values(), *scripts] for word in WORD.findall(text)}
    made: dict[tuple[str, ...], str] = {}  # the sheets of a page, from the root → one text
    for path, text in pages.items():
        folder = path.parent.relative_to(site).as_posix()
        sheets = tuple(
            posixpath.normpath(posixpath.join(folder, link)) for link in SHEET.findall(text)
        )
        if not sheets:
            continue
        if sheets not in made:
            made[sheets] = joined(site, sheets, words, cache)
        here = made[sheets].replace("url(/", f"url({posixpath.relpath('.', folder)}/")
        text = SHEET.sub(lambda found: f"\n<style>{here}</style>", text, count=1)
        text = SHEET.sub("", text)
        text = EARLY.sub(lambda found: _script(path.parent / found[1]), text)
        path.write_text(text, "utf-8", newline="\n")


def _boxed(table: str) -> str:
    """A plain table as the theme's script leaves it, with the class that `joined` writes."""
    if not table.startswith(("<table>", "<table data-close>", '<table data-stacked role="table">')):
        return table
    plain = table.replace("<table", '<table class="plain"', 1)
    box = '<div class="md-typeset__scrollwrap"><div class="md-typeset__table">'
    return f"{box}{plain}</div></div>"


def _script(path: Path) -> str:
    """A short script as it stands in a page: without comments, its names to itself."""
    return f"<script>{{\n{COMMENT.sub('', path.read_text('utf-8')).strip()}\n}}</script>"


def joined(site: Path, sheets: tuple[str, ...], words: set[str], cache: Path) -> str:
    """Several style sheets as one, with addresses from the root of the site: url(/…).

    Args:
        sheets: their places from the root, in their order.
        words: all that pages and scripts are made of.
    """
    from rcssmin import cssmin

    parts = []
    for sheet in sheets:
        text, folder = cssmin((site / sheet).read_text("utf-8")), posixpath.dirname(sheet)
        if sheet.startswith("assets/stylesheets/"):  # the theme's
            text = needed(text, words, cache)

        def from_root(found: re.Match) -> str:
            return f"url(/{posixpath.normpath(posixpath.join(folder, found[1]))})"

        parts.append(ADDRESS.sub(from_root, text))
    return "".join(parts).replace(":not([class])", ".plain")  # of the same weight


def needed(sheet: str, words: set[str], cache: Path) -> str:
    """The rules of a style sheet that can apply where only these words occur."""
    asked = "\n".join(sorted(words.intersection(WORD.findall(sheet))))
    says = [(ROOT / "scripts/node" / name).read_text("utf-8") for name in ("purge.mjs", "package-lock.json")]
    key = hashlib.sha256("\0".join([sheet, asked, *says]).encode()).hexdigest()[:32]
    path = cache / f"{key}.css"
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=node.installed(cache).parent) as space:
            for name, text in zip(("purge.mjs", "sheet.css", "words.txt"), (says[0], sheet, asked)):
                Path(space, name).write_text(text, "utf-8")
            command = ("purge.mjs", "sheet.css", "words.txt", "made.css")
            node.run("a style sheet cannot be read", *command, cwd=space)
            put(path, Path(space, "made.css").read_bytes())
    return path.read_text("utf-8")
