"""Labs are run where their code is stale, each in a kernel; what they showed is kept.

    python -m scripts labs                     run what is stale, as students get it
    python -m scripts labs encoder             … one lab, even if its last run failed
    python -m scripts labs --solved encoder    run the solved lab and print what it prints
"""

from __future__ import annotations

import ast
import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

import click

from scripts.base import ROOT, kept, seals, versions
from scripts.base.files import exclusive, put
from scripts.compute import child, runner
from scripts.labs import source
from scripts.labs.source import LabError
from scripts.models.lock import digest as entry_digest
from scripts.models.lock import load_lock
from scripts.models.make import ensure

TIMEOUT = 600  # seconds a cell
GUESS = 25.0  # seconds a lab, until it has been timed here
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
# And one after a failure: whether it asked for a model that is not there.
UNKNOWN = """
import pathlib, sys
from scripts.compute import unknown as _unknown
_unknown.sentence(sys.last_value, pathlib.Path.cwd()) or ""
"""


def make(root: Path = ROOT, say: Callable[[str], None] = print) -> list[str]:
    """Run every lab whose code is stale, and bring every executed notebook up to date.

    A change of prose, hints or solutions runs nothing: what the cells showed is kept.

    Returns:
        What is wrong with the labs, a sentence each.
    """
    with exclusive(root / ".cache" / "labs.lock", say):
        changed = [name for name in source.names(root) if not _fresh(root, name)]
        with ThreadPoolExecutor(runner.parallel()) as pool:
            list(pool.map(lambda name: _renew(root, name, say), changed))
    return [error for name in source.names(root) if (error := _left(root, name).get("error"))]


def expected(root: Path = ROOT) -> float:
    """Processor seconds that the labs will take which are not as they were."""
    return sum(cost(root, name)[0] or GUESS for name in source.names(root) if not _fresh(root, name))


def outdated(root: Path = ROOT) -> list[str]:
    """The labs that must be run. Where only prose has changed, the notebook is brought up to date."""
    return [
        name
        for name in source.names(root)
        if not _fresh(root, name) and not _renew(root, name, lambda line: None, run=False)
    ]


def alone(root: Path, name: str) -> None:
    """Run one lab, in a process of its own, which ends with the one that started it."""
    threading.Thread(target=child.end_with_the_build, daemon=True).start()
    os.chdir(root)
    _renew(root, name, lambda line: None)


def end(process: BaseProcess) -> None:
    """End such a process at once, and the kernel that it has started."""
    import psutil

    with contextlib.suppress(psutil.Error):
        for kernel in psutil.Process(process.pid).children(recursive=True):
            kernel.kill()
    process.kill()
    process.join()


def error(root: Path, name: str) -> str | None:
    """Why the last run of a lab failed, if it did."""
    return _left(root, name).get("error")


def under(root: Path, name: str, there: Path) -> dict | None:
    """What a lab has left here, last or before, as it is written in the folder `there`.

    None if that is not kept, or if it cannot be read there.
    """
    try:
        stamp = _stamp(there, source.notebook(name, root=there))
    except (LabError, LookupError, OSError):
        return None
    left = _left(root, name)
    if left.get("stamp") == stamp:
        return left
    found = kept.recall(_kept(root, name), stamp)
    return json.loads(found) if found else None


def cost(root: Path, name: str) -> tuple[float, int]:
    """Processor seconds and bytes of memory of a lab's last run."""
    left = _left(root, name)
    return left.get("seconds", 0.0), left.get("memory", 0)


def _fresh(root: Path, name: str) -> bool:
    """Whether nothing at all has changed since the last time."""
    left = _left(root, name)
    if left.get("files") != _files(root, name):
        return False
    return "error" in left or left.get("made") == _digest(source.executed(root, name))


def _digest(path: Path) -> str:
    """sha256 of a file; empty if it is not there."""
    return seals.digest(path) if path.exists() else ""


def _files(root: Path, name: str) -> str:
    """A digest of the lab's file and of all that makes a notebook of it."""
    parts = [path for path in source.PARTS.rglob("*") if path.suffix in (".py", ".j2")]
    parts = [source.written(root, name), *sorted(parts)]
    parts += [root / packed for packed in source.PACKED]
    digest = hashlib.sha256(_versions())
    for path in parts:
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


@functools.cache
def _versions() -> bytes:
    packages = (*source.LIBRARIES, "nbclient", "ipykernel")
    return " ".join(f"{n} {versions.of(n)}" for n in packages).encode()


def _stamp(root: Path, made: NotebookNode) -> str:
    """A digest of all that decides what the cells show: their code, models, versions.

    The scripts that a lab carries do not: where the book is, no cell runs them.
    """
    digest = hashlib.sha256(_versions())
    for cell in made.cells:
        if cell.cell_type == "code":
            digest.update(source.CARRIED.sub("", cell.source).encode() + b"\n\n")
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
        left = json.loads(_beside(root, name).read_text("utf-8"))
        return left if left.pop("seal") == _seal(left) else {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _seal(left: dict) -> str:
    """A digest of all that a run left, so that a damaged one is seen."""
    return hashlib.sha256(json.dumps(left, sort_keys=True).encode()).hexdigest()


def _kept(root: Path, name: str) -> Path:
    return root / ".cache" / "kept" / "labs" / name


def _beside(root: Path, name: str) -> Path:
    return source.executed(root, name).with_suffix(".json")


def _renew(root: Path, name: str, say: Callable[[str], None], run: bool = True) -> bool:
    """Run a lab if its code is stale; keep notebook and outputs, or why it failed.

    Returns:
        Whether that is done. Without `run`, nothing is if the lab would have to be run.
    """
    import nbformat

    left, files = _left(root, name), _files(root, name)
    before = dict(left)
    try:
        made = source.notebook(name, root=root)
        stamp = _stamp(root, made)
        if left.get("stamp") != stamp and (once := kept.recall(_kept(root, name), stamp)):
            left = json.loads(once)
        elif left.get("stamp") != stamp:
            if not run:
                return False
            say(f"running the lab {name}")
            left = {"stamp": stamp, **execute(made, root, name)}
            left["outputs"] = [c.outputs for c in made.cells if c.cell_type == "code"]
            say(f"✓ lab {name}  {left['seconds']:.0f} s of the processor")
        code = [cell for cell in made.cells if cell.cell_type == "code"]
        for cell, outputs in zip(code, left["outputs"]):
            cell.outputs = [nbformat.from_dict(output) for output in outputs]
        _promised(source.where(name), made)
    except LabError as error:
        left = {"error": str(error)}
        say(f"✗ lab {name}: {error}")
    if "error" not in left:
        put(source.executed(root, name), nbformat.writes(made).encode())
        left["made"] = _digest(source.executed(root, name))
    if before.get("stamp") not in (None, left.get("stamp")):  # for when its text comes back
        kept.keep(_kept(root, name), before["stamp"], json.dumps(before).encode())
    left["files"] = files
    left = json.loads(json.dumps(left))  # as it will be read
    put(_beside(root, name), json.dumps(left | {"seal": _seal(left)}).encode())
    return True


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
    where, missing = source.where(name), ""
    try:
        with (
            tempfile.TemporaryDirectory() as space,
            client.setup_kernel(cwd=str(root), env=environment(Path(space))),
        ):
            for number, cell in enumerate(made.cells):
                try:
                    client.execute_cell(cell, number)
                except CellExecutionError:
                    missing = _missing_model(client)
                    raise
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        first = cell.source.strip().splitlines()[0]
        what = missing or str(error).strip().splitlines()[-1]
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


def _missing_model(client: NotebookClient) -> str:
    """Which model a cell that has failed asked for, if that is not there; else nothing."""
    import nbformat
    from nbclient.exceptions import CellExecutionError

    client.nb.cells = [nbformat.v4.new_code_cell(UNKNOWN)]
    try:
        client.execute_cell(client.nb.cells[0], 0)
    except CellExecutionError:  # the lab may have broken anything
        return ""
    return ast.literal_eval(client.nb.cells[0].outputs[-1].data["text/plain"])


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
        if drawn and len(source.told(cell)) < 30:
            raise LabError(
                f'{which} draws: tell what one sees, # %% alt="…", in 30 characters or more'
            )
        if not drawn and ("alt" in cell.metadata or (solved and source.told(cell))):
            raise LabError(
                f'{which} promises a figure, alt="…", and leaves none: end it with the figure'
                " open, or promise nothing"
            )


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
    if unknown := set(wanted) - set(known := source.names()):
        raise LabError(f"there is no lab {', '.join(unknown)}; there are {', '.join(known)}")
    ensure()
    if solved:
        for name in wanted or known:
            made = source.notebook(name, solved=True)
            execute(made, ROOT, name, solved=True)
            print(said(made))
        return 0
    for name in wanted:
        _beside(ROOT, name).unlink(missing_ok=True)
        shutil.rmtree(_kept(ROOT, name), ignore_errors=True)
    problems = make()
    for problem in problems:
        print(f"✗ {problem}", file=sys.stderr)
    return 1 if problems else 0


def said(made: NotebookNode) -> str:
    """All text that the cells of a notebook printed."""
    outputs = [x for cell in made.cells if cell.cell_type == "code" for x in cell.outputs]
    return "".join(x.get("text") or x.get("data", {}).get("text/plain", "") + "\n" for x in outputs)
