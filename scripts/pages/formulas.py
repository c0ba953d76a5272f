r"""The formulas of the pages: TeX in, MathML out, so that a reader needs no script.

The extension ``pymdownx.arithmatex`` (``generic: true``) leaves TeX between ``\(...\)`` or
``\[...\]``; Temml, pinned in `scripts/node`, draws all that is new in a build in one run.
"""

import html
import json
import re
from collections.abc import Iterable
from pathlib import Path

from scripts.base import node

FORMULA = re.compile(
    r'([(“]*)<(\w+) class="arithmatex">\s*\\[(\[](.*?)\\[)\]]\s*</\2>([,.;:!?)”]*)', re.S
)
BARE = re.compile(r"\\\((.*?)\\\)")  # in lists of headings, and in attributes
BOX = '<div class="equation" tabindex="0" role="group" aria-label="equation">'
Formula = tuple[str, bool]  # its TeX, and whether it stands by itself
Drawn = dict[Formula, dict[str, str]]  # its "math" and its "line" of text, or its "error"
TEMML = "formulas", "temml/dist/temml.mjs"  # the folder in `.cache`, the file among the packages
LATER: dict[str, str] = {}  # of a formula that is not drawn yet
known: Drawn = {}  # what this process has drawn: while serving, most is there already


def find(page: str) -> list[Formula]:
    """The formulas in the HTML of a page."""
    return [(html.unescape(tex), tag == "div") for _, tag, tex, _ in FORMULA.findall(page)]


def lacks(root: Path) -> bool:
    """Whether the program that draws must still be fetched."""
    return not node.there(*TEMML, root)


def fetch(root: Path) -> Path:
    """Bring the program that draws, if it is not there. Raises node.NodeError, if it cannot be."""
    return node.library(*TEMML, root, "--omit=dev")


def later(wanted: Iterable[Formula]) -> Drawn:
    """The formulas as they are written, until they can be drawn."""
    return dict.fromkeys(wanted, LATER) | known


def draw(wanted: set[Formula], root: Path) -> Drawn:
    """The formulas that are wanted, and maybe others. Raises node.NodeError, if Node fails."""
    if new := sorted(wanted - known.keys()):
        temml = fetch(root).as_uri()
        script = root / "scripts" / "node" / "formulas.mjs"
        made = node.run("no formula can be drawn", script, temml, input=json.dumps(new))
        known.update(zip(new, json.loads(made)))
    return known


def place(page: str, drawn: Drawn, kind: str = "math") -> str:
    """A page's HTML with all formulas drawn, or with the "line" of each, for the search."""

    def placed(found: re.Match) -> str:
        (formula,), before, after = find(found[0]), found[1], found[4]
        one = drawn[formula]
        if one is LATER or "error" in one:  # said by `Pages.draw`; here the reader sees where
            shown = html.escape(formula[0]) if kind == "line" else _undrawn(formula[0], one)
        else:
            shown = one[kind] if kind == "math" else html.escape(one[kind])
        if formula[1]:
            return f"{before}{BOX}{shown}</div>{after}"
        return f'<span class="nobreak">{before}{shown}{after}</span>'  # or a "(" may end a line

    return FORMULA.sub(placed, page)


def title(text: str, drawn: Drawn) -> str:
    """A heading as lists of headings show it: formulas as text."""

    def line(found: re.Match) -> str:
        tex = html.unescape(found[1])
        return html.escape(drawn[tex, False].get("line", tex))

    return BARE.sub(line, text)


def _undrawn(tex: str, one: dict[str, str]) -> str:
    """What stands in the place of a formula that cannot be drawn, or not yet."""
    why = f' <strong>⚠ {html.escape(one["error"])}</strong>' if one else ""
    return f"<code>{html.escape(tex.strip())}</code>{why}"
