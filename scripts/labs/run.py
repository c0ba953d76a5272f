"""Lab → the student's notebook, the solved one, and the executed one that the site shows.

    python -m scripts labs                     run what is stale, as students get it
    python -m scripts labs encoder             … one lab, even if its last run failed
    python -m scripts labs --solved encoder    run the solved lab and print what it prints

A lab is one program, `docs/labs/<topic>.py`, in jupytext's percent format. It stands there
solved: the student's state is made from it by leaving out what is between `# <solution>`
and `# </solution>`. Four kinds of cells carry a mark at their first line:

    # %% setup="minilm smollm2"            empty; filled with scripts/labs/first_cell.py
    # %% task="softmax"                    the student's work
    # %% check="softmax"                   says precisely what is wrong with it
    # %% [markdown] hints="softmax"        two hints, parted by ---; the solution is added

A cell that draws tells what one sees, `# %% alt="…"`, and one that draws only when the answers
before it are right, `# %% alt_when_right="…"`. A figure that is promised and missing is an error.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.metadata
import importlib.util
import io
import json
import os
import re
import sys
import tempfile
import textwrap
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

import click

from scripts.base import ROOT, BookError
from scripts.base.files import exclusive, put
from scripts.base.seals import digest as file_digest
from scripts.compute import runner
from scripts.models.lock import digest as entry_digest
from scripts.models.lock import load_lock
from scripts.models.make import ensure
from scripts.pages import printed

PARTS = ROOT / "scripts" / "labs"  # the first cell, the page's templates
PACKED = (  # what makes the models where the book's folder is not
    "scripts/__init__.py",
    "scripts/__main__.py",
    *("scripts/base/" + name for name in ("__init__.py", "console.py", "files.py", "seals.py")),
    *sorted(f"scripts/models/{path.name}" for path in (ROOT / "scripts/models").glob("*.py")),
    "snippets/models.toml",
)
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
LINK = re.compile(r"\[([^\]]+)\]\(\.\./([\w-]+)\.(?:md|ipynb)(#[\w-]+)?\)")
TIMEOUT = 600  # seconds a cell
# The kernel's own settings: sharp figures, and no settings of this machine's user.
KERNEL = ["--InlineBackend.figure_formats={'retina'}", "--log-level=ERROR"]
# What a process needs of the machine, and what chooses a processor's instructions. All other
# variables stay out: one that the snippets have, MPLBACKEND, took every figure from the labs.
KEPT = re.compile(
    r"(?:PYTHON)?(?:PATH|HOME)|USER|LOGNAME|LANG|LC_\w+|TZ|TE?MP|TMPDIR|(?:DY)?LD_\w+"
    r"|SYSTEM(?:ROOT|DRIVE)|WINDIR|COMSPEC|PATHEXT|(?:LOCAL)?APPDATA|USERPROFILE|PROGRAMDATA"
    r"|(?:ATEN|MKL|ONEDNN|DNNL)_\w+",
    re.I,
)
ENVIRONMENT = {k: v for k, v in runner.ENVIRONMENT.items() if k != "MPLBACKEND"}
# A last cell, taken out again: what the lab has cost.
COST = """
import time as _t; _seconds = _t.process_time()
from scripts.compute.child import peak_memory as _peak
[_seconds, _peak()]
"""


class LabError(BookError):
    """One clear sentence: which lab, what is wrong, which command helps."""


def names(root: Path = ROOT) -> list[str]:
    """Every lab's topic, sorted."""
    return sorted(path.stem for path in (root / "docs" / "labs").glob("*.py"))


def source(root: Path, name: str) -> Path:
    """Where a lab is written."""
    return root / "docs" / "labs" / f"{name}.py"


def executed(root: Path, name: str) -> Path:
    """Where its executed notebook lies, made or not."""
    return root / ".cache" / "labs" / f"{name}.ipynb"


# --------------------------------------------------------------------- the two notebooks


def notebook(name: str, solved: bool = False, root: Path = ROOT) -> NotebookNode:
    """The lab as a notebook without outputs, as students get it or solved.

    Raises:
        LabError: it cannot be read, or a mark, a solution or a hint is missing.
    """
    import jupytext

    path = source(root, name)
    made = jupytext.read(path)
    made.cells = [cell for cell in made.cells if cell.cell_type != "raw"]  # the header
    _check(path.relative_to(root).as_posix(), made.cells)
    solutions = {}
    for number, cell in enumerate(made.cells):
        cell.id = f"cell-{number:02}"  # the same on every run
        cell.metadata.pop("lines_to_next_cell", None)
        if "setup" in cell.metadata:
            cell.source = _first_cell(root, cell.metadata["setup"].split())
            _fold(cell)
        elif "task" in cell.metadata:
            solutions[cell.metadata["task"]] = solution(cell.source)
            cell.source = answered(cell.source, ... if solved else None)
        elif "check" in cell.metadata:
            quiet = re.sub(r"^(check\(.*\))$", r"\1;", cell.source, flags=re.M)
            cell.source = "# @title Check your answer\n" + quiet
            _fold(cell)
        elif "hints" in cell.metadata:
            first, second = re.split(r"^---$", cell.source, flags=re.M)
            code = printed.fence(solutions[cell.metadata["hints"]], "python")
            folded = {"First hint": first, "Second hint": second, "Solution": code}
            cell.source = "\n\n".join(
                f'<details class="hint" markdown="1">\n<summary>{title}</summary>\n\n'
                f"{text.strip()}\n\n</details>"
                for title, text in folded.items()
            )
    made.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    return made


def _fold(cell: NotebookNode) -> None:
    """Let Colab and Jupyter show a cell's title and output, and its code on request."""
    cell.metadata["cellView"] = "form"
    cell.metadata["jupyter"] = {"source_hidden": True}


def description(name: str, root: Path = ROOT) -> str:
    """The sentence in the header of a lab's file."""
    found = re.search(r"^# description: (.+)$", source(root, name).read_text("utf-8"), re.M)
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


def download(name: str, site: str, root: Path = ROOT) -> str:
    """The student's notebook as a file to take along: the executed one without outputs.

    Links to chapters lead to the published book. Without its address `site` their words
    stay and the links go: beside the notebook there are no chapters.
    """
    made = json.loads(executed(root, name).read_text("utf-8"))

    def link(found: re.Match) -> str:
        address = f"{site.rstrip('/')}/{found[2]}/{found[3] or ''}"
        return f"[{found[1]}]({address})" if site else found[1]

    for cell in made["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = LINK.sub(link, "".join(cell["source"])).splitlines(True)
        else:
            cell["outputs"] = []
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def wanted(name: str, root: Path = ROOT) -> list[str]:
    """The models that a lab loads."""
    found = re.search(r'^# %% setup="([^"]*)"', source(root, name).read_text("utf-8"), re.M)
    return found[1].split() if found else []


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
    """The cell that finds the models, or gets them by pip, and defines `check`."""
    unknown = set(wanted) - set(load_lock(root / "snippets" / "models.toml"))
    if unknown:
        raise LabError(f"a lab's setup names no model of the book: {', '.join(unknown)}")
    text = (PARTS / "first_cell.py").read_text("utf-8")
    # "+cpu" and the like name a build that only this machine may have.
    pins = [f"{name}=={importlib.metadata.version(name).split('+')[0]}" for name in LIBRARIES]
    filled = {"MODELS = []": wanted, "LIBRARIES = []": pins, 'SCRIPTS = ""': _packed(root)}
    for line, value in filled.items():
        shown = json.dumps(value)
        text = text.replace(f"\n{line}\n", f"\n{line.split(' = ')[0]} = {shown}\n")
    return text.rstrip()


def _packed(root: Path) -> str:
    """The scripts that make the models, as text: a zip in base 85."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in PACKED:
            data = (root / name).read_bytes().replace(b"\r\n", b"\n")
            packed.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return base64.b85encode(into.getvalue()).decode()


# ------------------------------------------------------------------------------- running


def make(root: Path = ROOT, say: Callable[[str], None] = print) -> list[str]:
    """Run every lab whose code is stale, and bring every executed notebook up to date.

    A change of prose, hints or solutions runs nothing: what the cells showed is kept.

    Returns:
        What is wrong with the labs, a sentence each.
    """
    with exclusive(root / ".cache" / "labs.lock", say):
        changed = [name for name in names(root) if not _fresh(root, name)]
        with ThreadPoolExecutor(runner.parallel()) as pool:
            list(pool.map(lambda name: _renew(root, name, say), changed))
    return [error for name in names(root) if (error := _left(root, name).get("error"))]


def cost(root: Path, name: str) -> tuple[float, int]:
    """Processor seconds and bytes of memory of a lab's last run."""
    left = _left(root, name)
    return left.get("seconds", 0.0), left.get("memory", 0)


def _fresh(root: Path, name: str) -> bool:
    """Whether nothing at all has changed since the last time."""
    left = _left(root, name)
    if left.get("files") != _files(root, name):
        return False
    return "error" in left or left.get("made") == _digest(executed(root, name))


def _digest(path: Path) -> str:
    """sha256 of a file; empty if it is not there."""
    return file_digest(path) if path.exists() else ""


def _files(root: Path, name: str) -> str:
    """A digest of the lab's file and of all that makes a notebook of it."""
    parts = [source(root, name), *sorted(path for path in PARTS.rglob("*") if path.suffix in (".py", ".j2"))]
    parts += [root / packed for packed in PACKED]
    digest = hashlib.sha256(_versions())
    for path in parts:
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


@functools.cache
def _versions() -> bytes:
    versions = (*LIBRARIES, "nbclient", "ipykernel")
    return " ".join(f"{n} {importlib.metadata.version(n)}" for n in versions).encode()


def _stamp(root: Path, made: NotebookNode) -> str:
    """A digest of all that decides what the cells show: their code, models, versions."""
    digest = hashlib.sha256(_versions())
    for cell in made.cells:
        if cell.cell_type == "code":
            digest.update(cell.source.encode() + b"\n\n")
            if "setup" in cell.metadata:
                lock = load_lock(root / "snippets" / "models.toml")
                for model in cell.metadata["setup"].split():
                    digest.update(entry_digest(lock[model]).encode())
    return digest.hexdigest()


def _left(root: Path, name: str) -> dict:
    """What the last run left beside the notebook: stamp, outputs, cost, error.

    Nothing if it is not what was left: then the lab is run again.
    """
    try:
        path = executed(root, name).with_suffix(".json")
        left = json.loads(path.read_text("utf-8"))
        return left if left.pop("seal") == _seal(left) else {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _seal(left: dict) -> str:
    """A digest of all that a run left, so that a damaged one is seen."""
    return hashlib.sha256(json.dumps(left, sort_keys=True).encode()).hexdigest()


def _renew(root: Path, name: str, say: Callable[[str], None]) -> None:
    """Run a lab if its code is stale; keep notebook and outputs, or why it failed."""
    import nbformat

    left, files = _left(root, name), _files(root, name)
    try:
        made = notebook(name, root=root)
        stamp = _stamp(root, made)
        if left.get("stamp") != stamp:
            say(f"running the lab {name}")
            left = {"stamp": stamp, **execute(made, root, name)}
            left["outputs"] = [c.outputs for c in made.cells if c.cell_type == "code"]
            say(f"✓ lab {name}  {left['seconds']:.0f} s of the processor")
        code = [cell for cell in made.cells if cell.cell_type == "code"]
        for cell, outputs in zip(code, left["outputs"]):
            cell.outputs = [nbformat.from_dict(output) for output in outputs]
        _promised(source(root, name).relative_to(root).as_posix(), made)
    except LabError as error:
        left = {"error": str(error)}
        say(f"✗ lab {name}: {error}")
    if "error" not in left:
        put(executed(root, name), nbformat.writes(made).encode())
        left["made"] = _digest(executed(root, name))
    left["files"] = files
    left = json.loads(json.dumps(left))  # as it will be read
    sealed = json.dumps(left | {"seal": _seal(left)})
    put(executed(root, name).with_suffix(".json"), sealed.encode())


def execute(
    made: NotebookNode, root: Path, name: str, solved: bool = False
) -> dict[str, float]:
    """Run a notebook in a kernel of its own; its outputs are put into it.

    Returns:
        "seconds" of the processor and bytes of "memory".

    Raises:
        LabError: a cell failed, and which.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    client = NotebookClient(
        made, timeout=TIMEOUT, kernel_name="python3", record_timing=False,
        coalesce_streams=True, extra_arguments=KERNEL,
    )  # fmt: skip
    made.cells.append(nbformat.v4.new_code_cell(COST))
    client.create_kernel_manager()
    client.km.kernel_spec_manager.kernel_dirs = []  # this Python's, whatever else is installed
    where = source(root, name).relative_to(root).as_posix()
    try:
        with (
            tempfile.TemporaryDirectory() as space,
            client.setup_kernel(cwd=str(root), env=environment(Path(space))),
        ):
            for number, cell in enumerate(made.cells):
                client.execute_cell(cell, number)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        first = cell.source.strip().splitlines()[0]
        what = str(error).strip().splitlines()[-1]
        raise LabError(
            f"{where}, the cell that begins with “{first}”: {what}; try it alone:"
            f" python -m scripts labs {name}"
        ) from None
    seconds, memory = json.loads(made.cells.pop().outputs[-1].data["text/plain"])
    for cell in made.cells:
        if cell.cell_type == "code":
            # Warnings and progress are not what a lab shows.
            cell.outputs = [x for x in cell.outputs if x.get("name") != "stderr"]
            cell.execution_count = None
            for output in cell.outputs:
                output.pop("execution_count", None)
                if output.output_type == "execute_result":
                    output.execution_count = None
    _promised(where, made, solved)
    return {"seconds": seconds, "memory": memory}


def _promised(where: str, made: NotebookNode, solved: bool = False) -> None:
    """Raise a LabError unless the cells that draw are those that tell what one sees.

    Args:
        where: the lab's file, as a reader of the sentence would say it.
        solved: then those draw, too, that wait for right answers.
    """
    for cell in made.cells:
        if cell.cell_type != "code":
            continue
        drawn = any("image/png" in output.get("data", {}) for output in cell.outputs)
        which = f"{where}, the cell that begins with “{cell.source.split(chr(10))[0]}”"
        if drawn and len(told(cell)) < 30:
            raise LabError(
                f'{which} draws: tell what one sees, # %% alt="…", in 30 characters or more'
            )
        if not drawn and ("alt" in cell.metadata or (solved and told(cell))):
            raise LabError(
                f'{which} promises a figure, alt="…", and leaves none: end it with the figure'
                " open, or promise nothing"
            )


def told(cell: dict) -> str:
    """What one sees in the figure of a cell; empty if none is promised."""
    said = cell["metadata"]
    return said.get("alt") or said.get("alt_when_right") or ""


def environment(space: Path) -> dict[str, str]:
    """All that a lab's kernel finds around it: the machine's own, and what labs want.

    Args:
        space: an empty folder, in place of the settings of this machine's user.
    """
    plots = Path(importlib.util.find_spec("matplotlib").origin).parent / "mpl-data"
    own = {"IPYTHONDIR": str(space), "MATPLOTLIBRC": str(plots / "matplotlibrc")}
    kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    return kept | ENVIRONMENT | own


@click.command()
@click.argument("wanted", metavar="NAMES", nargs=-1)
@click.option("--solved", is_flag=True, help="Run solved, print, keep nothing.")
def main(wanted: tuple[str, ...], solved: bool) -> int:
    """Run labs as students get them, all that are stale or NAMES; keep the notebooks."""
    if unknown := set(wanted) - set(names()):
        raise LabError(f"there is no lab {', '.join(unknown)}; there are {', '.join(names())}")
    ensure()
    if solved:
        for name in wanted or names():
            made = notebook(name, solved=True)
            execute(made, ROOT, name, solved=True)
            print(said(made))
        return 0
    for name in wanted:
        executed(ROOT, name).with_suffix(".json").unlink(missing_ok=True)
    problems = make()
    for problem in problems:
        print(f"✗ {problem}", file=sys.stderr)
    return 1 if problems else 0


def said(made: NotebookNode) -> str:
    """All text that the cells of a notebook printed."""
    outputs = [x for cell in made.cells if cell.cell_type == "code" for x in cell.outputs]
    return "".join(x.get("text") or x.get("data", {}).get("text/plain", "") + "\n" for x in outputs)
