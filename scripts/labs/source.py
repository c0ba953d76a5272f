"""A lab's source → the student's notebook and the solved one.

A lab is one program, `docs/labs/<topic>.py`, in jupytext's percent format. It stands there
solved: the student's state is made from it by leaving out what is between `# <solution>`
and `# </solution>`. Four kinds of cells carry a mark at their first line:

    # %% setup="minilm smollm2"            empty; filled with scripts/labs/first_cell.py
    # %% task="softmax"                    the student's work
    # %% check="softmax"                   says precisely what is wrong with it
    # %% [markdown] hints="softmax"        two hints, parted by ---; the solution is added

The build puts a cell for the student's name behind the first of these. The page folds the hints;
in the notebook a cell opens them, which the build puts there: see `handout.py`.

A cell that draws tells what one sees, `# %% alt="…"`, and one that draws only when the answers
before it are right, `# %% alt_when_right="…"`. A figure that is promised and missing is an error.
"""

from __future__ import annotations

import base64
import io
import json
import re
import textwrap
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

from scripts.base import ROOT, BookError, versions
from scripts.base.files import put
from scripts.models.lock import load_lock
from scripts.pages import printed

PARTS = Path(__file__).parent  # the first cell, the page's templates
PACKED = (  # what makes the models where the book's folder is not
    "scripts/__init__.py",
    "scripts/__main__.py",
    *("scripts/base/" + name for name in ("__init__.py", "console.py", "files.py", "seals.py")),
    *sorted(f"scripts/models/{path.name}" for path in (ROOT / "scripts/models").glob("*.py")),
    "snippets/models.toml",
)
CARRIED = re.compile(r'^(SCRIPTS = )".*"$', re.M)  # the same, packed, in the first cell
LIBRARIES = (
    "torch",
    "transformers",
    "tokenizers",
    "safetensors",
    "numpy",
    "matplotlib",
    "gguf",
)
MARKS = ("setup", "task", "check", "hints")
SOLUTION = re.compile(r"^([ \t]*)# <solution>\n(.*?)^[ \t]*# </solution>\n?", re.M | re.S)
CALL = re.compile(r"\bcheck\(problem, (\w+(?:, \w+)*)(?:, task=\"\w+\")?\)")  # names of a task
CHECKING = "from scripts.labs.checking import *"  # the line in the first cell in place of that file
HAND_IN = """\
**Your result file.** In the notebook, each check and each hint that you open is noted in a file \
beside it, `{name}.result.json`. It has, for each task, whether you passed, the last hint, how \
often you tried, when, and a digest of your name and your code. Nothing is sent anywhere. If you \
hand the lab in, put your name here, and hand in both."""


class LabError(BookError):
    """One clear sentence: which lab, what is wrong, which command helps."""


def names(root: Path = ROOT) -> list[str]:
    """Every lab's topic, sorted."""
    return sorted(path.stem for path in (root / "docs" / "labs").glob("*.py"))


def where(name: str) -> str:
    """The file of a lab, from the book's folder."""
    return f"docs/labs/{name}.py"


def written(root: Path, name: str) -> Path:
    """Where a lab is written."""
    return root / where(name)


def executed(root: Path, name: str) -> Path:
    """Where its executed notebook lies, made or not."""
    return root / ".cache" / "labs" / f"{name}.ipynb"


def unrun(root: Path, name: str) -> Path:
    """Write the notebook as students get it, for a page that is shown before the lab is run."""
    import nbformat

    path = root / ".cache" / "serve" / "labs" / f"{name}.ipynb"
    made = nbformat.writes(notebook(name, root=root)).encode()
    if not path.exists() or path.read_bytes() != made:
        put(path, made)
    return path


def notebook(name: str, solved: bool = False, root: Path = ROOT) -> NotebookNode:
    """The lab as a notebook without outputs, as students get it or solved.

    Raises:
        LabError: it cannot be read, or a mark, a solution or a hint is missing.
    """
    import jupytext

    made = jupytext.read(written(root, name))
    made.cells = [cell for cell in made.cells if cell.cell_type != "raw"]  # the header
    _check(where(name), made.cells)
    cells, solutions = [], {}
    for cell in made.cells:
        cell.metadata.pop("lines_to_next_cell", None)
        if "hints" in cell.metadata:
            cells.append(_hint(cell.metadata["hints"]))
        cells.append(cell)
        if "setup" in cell.metadata:
            cell.source = _first_cell(root, cell.metadata["setup"].split())
            _fold(cell)
            cells += _name(name)
        elif "task" in cell.metadata:
            solutions[cell.metadata["task"]] = solution(cell.source)
            cell.source = answered(cell.source, ... if solved else None)
        elif "check" in cell.metadata:
            named = CALL.sub(rf'check(problem, \1, task="{cell.metadata["check"]}")', cell.source)
            quiet = re.sub(r"^(check\(.*\))$", r"\1;", named, flags=re.M)
            cell.source = "# @title Check your answer\n" + quiet
            _fold(cell)
        elif "hints" in cell.metadata:
            first, second = re.split(r"^---$", cell.source, flags=re.M)
            code = printed.fence(solutions[cell.metadata["hints"]], "python")
            folded = {"First hint": first, "Second hint": second, "Solution": code}
            cell.metadata["folded"] = [text.strip() for text in folded.values()]
            cell.source = "\n\n".join(
                f'<details class="hint" markdown="1">\n<summary>{title}</summary>\n\n'
                f"{text.strip()}\n\n</details>"
                for title, text in folded.items()
            )
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number:02}"  # the same on every run
    made.cells = cells
    made.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    return made


def bound(check: str) -> list[str]:
    """The names that a task is to bind: those that its check asks for."""
    return CALL.search(check)[1].split(", ")


def _name(lab: str) -> list[NotebookNode]:
    """What is kept of a student's work, and the cell for the name."""
    import nbformat

    told = nbformat.v4.new_markdown_cell(HAND_IN.format(name=lab))
    return [told, nbformat.v4.new_code_cell('student = ""  # your name')]


def _hint(task: str) -> NotebookNode:
    """The cell that opens hints in the notebook: run with all others, it opens none."""
    import nbformat

    source = f'hint("{task}", 0)  # stuck? 1 opens the first hint, 2 the second, 3 the solution'
    return nbformat.v4.new_code_cell(source, metadata={"hint": task})


def _fold(cell: NotebookNode) -> None:
    """Let Colab and Jupyter show a cell's title and output, and its code on request."""
    cell.metadata["cellView"] = "form"
    cell.metadata["jupyter"] = {"source_hidden": True}


def description(name: str, root: Path = ROOT) -> str:
    """The sentence in the header of a lab's file."""
    found = re.search(r"^# description: (.+)$", written(root, name).read_text("utf-8"), re.M)
    return found[1].strip() if found else ""


def solution(task: str) -> str:
    """The lines between the two markers of a task, without their indent."""
    return textwrap.dedent(SOLUTION.search(task + "\n")[2]).strip()


def answered(task: str, answer: str | None) -> str:
    """A task with another answer in place of its solution.

    Args:
        task: the source of the task's cell.
        answer: the lines to put in; None for no lines; `...` keeps the solution.
    """

    def put(found: re.Match) -> str:
        if answer is ...:
            return found[2]
        return textwrap.indent(answer.strip() + "\n", found[1]) if answer else ""

    return SOLUTION.sub(put, task + "\n").rstrip()


def wanted(name: str, root: Path = ROOT) -> list[str]:
    """The models that a lab loads."""
    found = re.search(r'^# %% setup="([^"]*)"', written(root, name).read_text("utf-8"), re.M)
    return found[1].split() if found else []


def told(cell: dict) -> str:
    """What one sees in the figure of a cell; empty if none is promised."""
    said = cell["metadata"]
    return said.get("alt") or said.get("alt_when_right") or ""


def _check(where: str, cells: list[NotebookNode]) -> None:
    """Raise a LabError if the marks of a lab do not fit together."""
    marked = {mark: [] for mark in MARKS}
    for cell in cells:
        for mark in MARKS:
            if mark in cell.metadata:
                marked[mark].append(cell.metadata[mark])
        title = cell.metadata.get("task")
        if title and len(SOLUTION.findall(cell.source + "\n")) != 1:
            raise LabError(
                f"{where}: the task {title} needs one solution between `# <solution>` and"
                " `# </solution>`"
            )
        title = cell.metadata.get("check")
        if title and len(CALL.findall(cell.source)) != 1:
            raise LabError(f"{where}: the check {title} needs one call `check(problem, …)` of names")
        title = cell.metadata.get("hints")
        if title and len(re.findall(r"^---$", cell.source, re.M)) != 1:
            raise LabError(f"{where}: the hints of {title} must be two, parted by one ---")
    if len(marked["setup"]) != 1:
        raise LabError(f'{where}: one cell must begin with `# %% setup="minilm"`')
    if not marked["task"] == marked["check"] == marked["hints"]:
        raise LabError(
            f"{where}: every task needs its check and its hints, in the same order; there"
            f" are tasks {marked['task']}, checks {marked['check']}, hints {marked['hints']}"
        )


def _first_cell(root: Path, wanted: list[str]) -> str:
    """The cell that finds the models, or gets them by pip, and defines `check` and `hint`."""
    unknown = set(wanted) - set(load_lock(root / "snippets" / "models.toml"))
    if unknown:
        raise LabError(f"a lab's setup names no model of the book: {', '.join(unknown)}")
    text = (PARTS / "first_cell.py").read_text("utf-8")
    # "+cpu" and the like name a build that only this machine may have.
    pins = [f"{name}=={versions.of(name).split('+')[0]}" for name in LIBRARIES]
    filled = {"MODELS = []": wanted, "LIBRARIES = []": pins, 'SCRIPTS = ""': _packed(root)}
    for line, value in filled.items():
        shown = json.dumps(value)
        text = text.replace(f"\n{line}\n", f"\n{line.split(' = ')[0]} = {shown}\n")
    checking = (PARTS / "checking.py").read_text("utf-8").rstrip()
    return re.sub(rf"^{re.escape(CHECKING)}.*$", lambda _: checking, text, flags=re.M).rstrip()


def _packed(root: Path) -> str:
    """The scripts that make the models, as text: a zip, compressed as one, in base 85."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as packed:
        for name in PACKED:
            data = (root / name).read_bytes().replace(b"\r\n", b"\n")
            packed.writestr(zipfile.ZipInfo(name), data)
    return base64.b85encode(zlib.compress(into.getvalue(), 9)).decode()
