r"""The formulas of the pages: TeX in, MathML out, so that a reader needs no script.

The extension ``pymdownx.arithmatex`` (``generic: true``) leaves TeX between ``\(...\)`` or
``\[...\]``; Temml, pinned in `scripts/node`, draws all that is new in a build in one run.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import subprocess
import sys
from pathlib import Path

from scripts import live, seals
from scripts.exclusive import exclusive

FORMULA = re.compile(
    r'([(“]*)<(\w+) class="arithmatex">\s*\\[(\[](.*?)\\[)\]]\s*</\2>([,.;:!?)”]*)', re.S
)
BARE = re.compile(r"\\\((.*?)\\\)")  # in lists of headings, and in attributes
PLACE = re.compile(r'<math data-drawn="(\d+)">.*?</math>', re.S)
Formula = tuple[str, bool]  # its TeX, and whether it stands by itself
Drawn = dict[Formula, dict[str, str]]  # its "math" and its "line" of text, or its "error"


def find(page: str) -> list[Formula]:
    """The formulas in the HTML of a page."""
    return [(html.unescape(tex), tag == "div") for _, tag, tex, _ in FORMULA.findall(page)]


def draw(wanted: set[Formula], root: Path) -> Drawn:
    """The formulas that are wanted, and maybe others. Raises live.LiveError, if Node fails."""
    script, folder = root / "scripts" / "node" / "formulas.mjs", root / ".cache" / "formulas"
    lock = script.with_name("package-lock.json").read_bytes()
    kept = folder / f"{hashlib.sha256(lock + script.read_bytes()).hexdigest()[:16]}.json"
    library = folder / f"temml-{hashlib.sha256(lock).hexdigest()[:16]}.mjs"
    drawn = {(tex, block): one for tex, block, one in json.loads(seals.sealed(kept) or "[]")}
    if new := sorted(wanted - drawn.keys()):
        if seals.sealed(library) is None:
            packages = live.packages(root, folder / "npm", "--omit=dev")
            with exclusive(folder / "lock", print), packages as npm:
                seals.put_sealed(library, (npm / "temml" / "dist" / "temml.mjs").read_bytes())
        node = [sys.executable, "-c", live.NODE, script, library]
        done = subprocess.run(node, input=json.dumps(new), capture_output=True, encoding="utf-8")
        if done.returncode:
            cause = next((line for line in done.stderr.splitlines() if "Error" in line), "no cause")
            raise live.LiveError(
                f"no formula can be drawn ({cause}): run `pip install -r requirements.txt` again"
            )
        drawn |= zip(new, json.loads(done.stdout))
        good = [(*formula, one) for formula, one in drawn.items() if "math" in one]
        seals.put_sealed(kept, json.dumps(good).encode())
    return drawn


def place(page: str, drawn: Drawn) -> str:
    """A page's HTML with each formula as a line of text for the search; see `render`."""

    def placed(found: re.Match) -> str:
        (formula,), before, after = find(found[0]), found[1], found[4]
        number, line = list(drawn).index(formula), html.escape(drawn[formula]["line"])
        math = f'<math data-drawn="{number}">{line}</math>'
        if not formula[1]:  # else the comma after a formula may begin the next line, or a "(" end one
            whole = f"{before}{math}{after}"
            return f'<span class="nobreak">{whole}</span>' if before or after else math
        box = '<div class="equation" tabindex="0" role="group" aria-label="equation">'
        return f"{before}{box}{math}</div>{after}"

    return FORMULA.sub(placed, page)


def title(text: str, drawn: Drawn) -> str:
    """A heading as lists of headings show it: formulas as text."""
    return BARE.sub(lambda one: html.escape(drawn[html.unescape(one[1]), False]["line"]), text)


def render(page: str, drawn: Drawn) -> str:
    """A finished page with MathML where `place` has left a line."""
    return PLACE.sub(lambda found: list(drawn.values())[int(found[1])]["math"], page)
