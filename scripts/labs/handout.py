"""A lab as a file to take along: the notebook that students get, with hints that it can count.

On the page the hints are folded text. Here a cell opens them, `hint("softmax", 1)`, and they lie
packed in the first cell, so that the result file can say which was the last.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

from scripts.base import ROOT
from scripts.labs import source

LINK = re.compile(r"\[([^\]]+)\]\(\.\./([\w-]+)\.(?:md|ipynb)(#[\w-]+)?\)")
FILLED = r'^{} = ""$'  # a line of the first cell


def download(name: str, site: str, root: Path = ROOT, ran: Path | None = None) -> str:
    """The student's notebook as a file to take along: the executed one without outputs.

    Links to chapters lead to the published book. Without its address `site` their words
    stay and the links go: beside the notebook there are no chapters.

    Args:
        ran: the notebook, if not the executed one.
    """
    import nbformat

    made = nbformat.read(ran or source.executed(root, name), 4)

    def link(found: re.Match) -> str:
        address = f"{site.rstrip('/')}/{found[2]}/{found[3] or ''}"
        return f"[{found[1]}]({address})" if site else found[1]

    for cell in made.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(link, cell.source)
        else:
            cell.outputs = []
    tasks = _tasks(made.cells, link)
    made.cells = [cell for cell in made.cells if "hints" not in cell.metadata]
    [first] = [cell for cell in made.cells if "setup" in cell.metadata]
    packed = base64.b85encode(zlib.compress(json.dumps(tasks).encode(), 9)).decode()
    for line, value in {"LAB": name, "TASKS": packed}.items():
        filled = f"{line} = {json.dumps(value)}"
        first.source = re.sub(FILLED.format(line), lambda _: filled, first.source, flags=re.M)
    return nbformat.writes(made) + "\n"


def _tasks(cells: list[NotebookNode], link) -> dict[str, dict[str, list[str]]]:
    """Task → the "names" that it is to bind, and its "hints", the last one its solution."""
    made = {}
    for cell in cells:
        if task := cell.metadata.get("check"):
            made[task] = {"names": source.bound(cell.source)}
        elif task := cell.metadata.get("hints"):
            made[task]["hints"] = [LINK.sub(link, text) for text in cell.metadata["folded"]]
    return made
