"""The style of a page inside the page, and of all rules only those that can apply.

A browser shows nothing before it has every style sheet. Five of them, each a request of its
own, are what a reader on a phone waited for; inside the page they come with it. The theme has
rules for much that this book has not, and these stay behind.

Tables get what the theme's script would give them later: the box that scrolls them sideways. And
a class of their own: the theme means them by `table:not([class])`, and a browser that meets such
a rule restyles the whole page whenever the class of <html> changes, as scripts do at the start.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from scripts.exclusive import put

FORMAT = 2  # raise it when the same sheets would give another text
SHEET = re.compile(r'\n[ \t]*<link rel="stylesheet" href="([^":]+\.css)">')
EARLY = re.compile(r'<script src="([^":]*assets/(?:early|palette)\.js)"></script>')
TABLE = re.compile(r"<table>.*?</table>", re.S)
COMMENT = re.compile(r"^[ \t]*(?:/\*.*?\*/|//[^\n]*)\n", re.S | re.M)
ADDRESS = re.compile(r'url\("?(?!data:)([^")]+)"?\)')
WORD = re.compile(r"[\w-]+")
GIVEN = re.compile(r'\b(?:class|id|data-md-[\w-]+)="([^"]*)"')
SET = re.compile(r"[{;](--[\w-]+):")
READ = re.compile(r"var\(\s*(--[\w-]+)")
HOLDS = ("media", "supports", "layer", "container")  # rules that hold other rules
Rule = tuple[str, "list[Rule] | list[tuple[str, str]]"]


def inline(site: Path, cache: Path) -> None:
    """Write the style sheets, and the scripts that must run first, into every page of `site`.

    Args:
        cache: a folder that keeps what was made from the same sheets for the same names.
    """
    pages = {
        path: TABLE.sub(_boxed, path.read_text("utf-8"))
        for path in sorted(site.rglob("index.html"))
    }
    words = vocabulary(site, pages.values())
    made: dict[tuple[str, ...], str] = {}  # the sheets of a page, from the root → one text
    for path, text in pages.items():
        folder = path.parent.relative_to(site).as_posix()
        sheets = tuple(
            posixpath.normpath(posixpath.join(folder, link)) for link in SHEET.findall(text)
        )
        if not sheets:
            continue
        if sheets not in made:
            made[sheets] = _remembered(site, sheets, words, cache)
        here = made[sheets].replace("url(/", f"url({posixpath.relpath('.', folder)}/")
        text = SHEET.sub(lambda found: f"\n<style>{here}</style>", text, count=1)
        text = SHEET.sub("", text)
        text = EARLY.sub(lambda found: _script(path.parent / found[1]), text)
        path.write_text(text, "utf-8", newline="\n")


def _boxed(table: re.Match) -> str:
    """A table as the theme's script leaves it, with the class that `_kept` writes."""
    plain = table[0].replace("<table>", '<table class="plain">', 1)
    box = '<div class="md-typeset__scrollwrap"><div class="md-typeset__table">'
    return f"{box}{plain}</div></div>"


def _script(path: Path) -> str:
    """A short script as it stands in a page: without comments, its names to itself."""
    return f"<script>{{\n{COMMENT.sub('', path.read_text('utf-8')).strip()}\n}}</script>"


def vocabulary(site: Path, pages: Iterable[str]) -> set[str]:
    """The names that a rule may ask for: classes, ids and such of all pages, words of scripts."""
    words = set()
    for page in pages:
        for names in set(GIVEN.findall(page)):
            words.update(names.split())
    for path in sorted((site / "assets").rglob("*.js")):
        words.update(WORD.findall(path.read_text("utf-8")))
    return words


def _remembered(site: Path, sheets: tuple[str, ...], words: set[str], cache: Path) -> str:
    """`style`, or what it gave when sheets and names were the same; older ones are removed."""
    texts = [(site / sheet).read_text("utf-8") for sheet in sheets]
    asked = sorted(words.intersection(WORD.findall(" ".join(texts))))
    key = hashlib.sha256("\0".join([str(FORMAT), *sheets, *texts, *asked]).encode()).hexdigest()
    path = cache / f"{key}.css"
    if not path.exists():
        text = style(site, sheets, words)
        for old in cache.glob("*.css"):
            old.unlink()
        put(path, text.encode())
    return path.read_text("utf-8")


def style(site: Path, sheets: tuple[str, ...], words: set[str]) -> str:
    """Several style sheets as one, with addresses from the root of the site: url(/…).

    Args:
        sheets: their places from the root, in their order.
        words: a rule whose selector names a class or an id that is not among them is left out.

    Raises:
        ValueError: a sheet that cannot be read.
    """
    import tinycss2

    parts = []
    for sheet in sheets:
        rules = tinycss2.parse_stylesheet((site / sheet).read_text("utf-8"), True, True)
        parts.append((posixpath.dirname(sheet), list(_kept(rules, words))))
    unused: set[str] = set()
    while True:  # a variable that nothing reads is left out, and then what only that one read
        text = "".join(_written(kept, folder, unused) for folder, kept in parts)
        more = set(SET.findall(text)) - set(READ.findall(text)) - words
        if not more:
            return text
        unused |= more


def _kept(rules: list, words: set[str]) -> Iterator[Rule]:
    """The rules that can apply: what stands before the brace, and what stands in it.

    That is a list of rules again, or of declarations as pairs of name and text.
    """
    from tinycss2 import parse_rule_list, serialize

    for rule in rules:
        if rule.type == "error":
            raise ValueError(f"a style sheet cannot be read: {rule.message}")
        if rule.type == "qualified-rule":
            can = [one for one in _parted(rule.prelude, ",") if _applies(one, words)]
            if can:
                head = ",".join(serialize(one).strip() for one in can)
                head = head.replace(":not([class])", ".plain")  # of the same weight
                yield head, [_declared(one) for one in _parted(rule.content, ";")]
        elif rule.content and rule.lower_at_keyword in HOLDS:
            if inside := list(_kept(parse_rule_list(rule.content, True, True), words)):
                yield f"@{rule.at_keyword}{serialize(rule.prelude).rstrip()}", inside
        elif rule.content:  # @font-face, @keyframes and the like
            head = f"@{rule.at_keyword}{serialize(rule.prelude).rstrip()}"
            yield head, [_declared(one) for one in _parted(rule.content, ";")]


def _declared(nodes: list) -> tuple[str, str]:
    """The name of a declaration, and all of it."""
    text = "".join(" " if one.type == "whitespace" else one.serialize() for one in nodes).strip()
    return text.split(":")[0].strip(), text.replace(": ", ":", 1)


def _written(kept: list[Rule], folder: str, unused: set[str]) -> str:
    """Rules as text, without the variables in `unused`."""

    def from_root(found: re.Match) -> str:
        return f"url(/{posixpath.normpath(posixpath.join(folder, found[1]))})"

    parts = []
    for head, inside in kept:
        if inside and isinstance(inside[0][1], list):
            text = _written(inside, folder, unused)
        else:
            text = ";".join(text for name, text in inside if text and name not in unused)
            text = ADDRESS.sub(from_root, text)
        if text:
            parts.append(f"{head}{{{text}}}")
    return "".join(parts)


def _parted(nodes: list, sign: str) -> list[list]:
    """What stands between the commas, or the semicolons."""
    found: list[list] = [[]]
    for node in nodes:
        if node.type == "literal" and node.value == sign:
            found.append([])
        elif node.type != "comment":
            found[-1].append(node)
    return found


def _applies(selector: list, words: set[str]) -> bool:
    """Whether all that a selector names is known; what stands in its (…) is not asked."""
    for before, node in zip([None, *selector], selector):
        if node.type == "hash" and node.value not in words:
            return False
        if node.type == "ident" and before is not None and before == "." and node.value not in words:
            return False
        if node.type == "[] block" and node.content[0].value.startswith("data-md-"):
            if {one.value for one in node.content[1:] if one.type in ("ident", "string")} - words:
                return False
    return True
