"""What readers run: the newest libraries, programs as pasted, labs alone, the newest theme.

    python -m scripts newest                          all of it; about as long as three builds
    python -m scripts newest --parts programs decoding hugging_face/generate
    python -m scripts newest --into ../newest --report report.md
    python -m scripts newest --join reports           one report from those of several systems

The book must be built first, with its own versions. In a folder beside it the script makes a
copy of the book and a virtual environment with what pip brings where no version is named:
first by the command that the page on the library gives, then all else in requirements.txt.
Then it compares. Five parts:

    programs   the copy's snippets by the runner, and each pasted into a plain Python
    labs       each notebook, solved, in an empty folder, with its own first cell
    site       mkdocs build --strict in the copy, and all tests
    properdocs the copy's site, built by what goes on where mkdocs 1 ended
    own        mkdocs build --strict and all tests here, with the book's own versions

Prints a report in Markdown. Exits with 1 if a reader gets anything else than the book says.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import click

from scripts.base import ROOT, BookError
from scripts.base.files import put
from scripts.compute import difference, runner
from scripts.compute.book import Book, RunnerError
from scripts.measure import systems

PARTS = ("programs", "labs", "site", "properdocs", "own")
COMMAND = re.compile(r"^pip install (.+)$", re.M)
PIN = re.compile(r"^([\w-]+)==(\S+)", re.M)
# Told on the error stream by Python's warnings and by the library's own log.
WARNED = re.compile(r"\w*Warning: .*|.*\bdeprecated\b.*")
TIMEOUT = 1800  # seconds a pasted program
LENGTH = 60_000  # letters of a joined report, at most: an issue holds no more
FINE, OTHER = "**Readers get what the book says.**", "**Readers get something else.**"
# For pasted programs: one thread, since several run at once; no window for figures; and a console
# that takes every letter.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"}


class NewestError(BookError):
    """One clear sentence: what is wrong, which command helps."""


@dataclass
class Found:
    """What readers get that the book does not say, in sentences."""

    sentences: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # parts of the report, in Markdown

    def tell(self, title: str, lines: list[str], fine: str) -> None:
        """Add a part to the report: what was found, or that all is fine."""
        self.sentences += lines
        self.told.append(f"## {title}\n\n" + ("\n".join(f"- {x}" for x in lines) or fine))


# -------------------------------------------------------------------------- what pip brings


def command(root: Path = ROOT) -> list[str]:
    """The packages that docs/hugging_face.md tells a reader to install, without versions.

    Raises:
        NewestError: the page gives no such command.
    """
    page = root / "docs" / "hugging_face.md"
    found = COMMAND.search(page.read_text("utf-8"))
    if found is None:
        raise NewestError("docs/hugging_face.md gives no `pip install …` in a line of its own")
    return re.sub(r"==\{\{.*?\}\}|==\S+", "", found[1]).split()


def pins(root: Path = ROOT) -> dict[str, str]:
    """Each package of requirements.txt → its version."""
    return dict(PIN.findall((root / "requirements.txt").read_text("utf-8")))


def environment(folder: Path, root: Path, say: Callable[[str], None]) -> Path:
    """Make a virtual environment with the newest of all; return its Python.

    Raises:
        NewestError: pip cannot install what the page says.
    """
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = folder / scripts / ("python.exe" if os.name == "nt" else "python")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    rest = [name for name in pins(root) if name not in command(root)]
    for packages in (command(root), rest):
        say(f"pip install {' '.join(packages)}")
        call = [str(python), "-m", "pip", "install", "--quiet", *packages]
        done = subprocess.run(call, capture_output=True, text=True)
        if done.returncode:
            why = done.stderr.strip().splitlines()[-1:]
            raise NewestError(f"`pip install {' '.join(packages)}` fails: {' '.join(why)}")
    return python


def versions(python: Path, names: list[str]) -> dict[str, str]:
    """The versions of these packages in another Python's environment."""
    ask = (
        "import importlib.metadata as m, json, sys;"
        "print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    )
    done = subprocess.run([str(python), "-c", ask, *names], capture_output=True, check=True)
    return json.loads(done.stdout)


def compared(python: Path, root: Path) -> str:
    """A table of the packages of which that Python has other versions than the book."""
    asked = pins(root)
    now = versions(python, list(asked))
    rows = [f"| {n} | {asked[n]} | {now[n]} |" for n in asked if now[n].split("+")[0] != asked[n]]
    table = "\n".join(["| package | the book | newest |", "|---|---|---|", *rows])
    return table if rows else "The book names the newest of all."


def plain() -> dict[str, str]:
    """The environment without what the book's own runs and tests are told: a reader has none."""
    told = runner.ENVIRONMENT.keys() | {"PYTHONPATH", "PYTHONWARNINGS", "PYTEST_CURRENT_TEST"}
    return {name: value for name, value in os.environ.items() if name not in told}


def copy(root: Path, into: Path) -> Path:
    """A copy of the book at `into`: its files, outputs and models, nothing shared with it."""
    left_out = shutil.ignore_patterns(".venv", "site", "run", "__pycache__", ".pytest_cache")
    shutil.copytree(root, into, ignore=left_out, dirs_exist_ok=True)
    return into


# --------------------------------------------------------------------------------- programs


@dataclass
class Pasted:
    """What a program did in a plain Python."""

    text: str = ""
    error: str = ""  # the last line of the traceback; empty if there was none
    warned: list[str] = field(default_factory=list)


def paste(python: Path, root: Path, name: str) -> Pasted:
    """Run a program as a reader does who pastes it in the book's folder."""
    source = (root / "snippets" / f"{name}.py").read_bytes()
    try:
        done = subprocess.run(
            [str(python), "-"], input=source, capture_output=True, cwd=root,
            env=plain() | ENVIRONMENT, timeout=TIMEOUT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Pasted(error=f"no end within {TIMEOUT} s")
    said = done.stderr.decode("utf-8", "replace")
    left = Pasted(done.stdout.decode("utf-8", "replace").replace("\r\n", "\n"))
    if done.returncode:
        left.error = (said.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    left.warned = sorted({found.strip() for found in WARNED.findall(said)})
    return left


def pasted(
    python: Path, old: Book, book: Book, names: list[str], jobs: int
) -> list[str]:
    """Paste each program; say where a reader gets something else than the page shows.

    Programs that train are left out: others load what they make.

    Args:
        python: the reader's.
        old: the book whose pages the reader sees.
        book: its copy, in which the programs are run.
        names: the programs.
        jobs: how many at once.
    """
    names = [name for name in names if not book.trains(name)]
    with ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(lambda name: paste(python, book.root, name), names))
    lines, warned = [], {}
    for name, left in zip(names, results, strict=True):
        source = (book.snippets_dir / f"{name}.py").read_text("utf-8")
        shown = old.output(name, "txt").read_text("utf-8")
        if left.error:
            lines.append(f"`{name}` stops: {left.error}")
        elif left.text.strip() != shown.strip() and not difference.says_otherwise(source):
            what = difference.unified(shown.splitlines(), left.text.splitlines())
            lines.append(f"`{name}` prints something else:\n\n```diff\n{what}\n```\n")
        for sentence in left.warned:
            warned.setdefault(sentence, []).append(name)
    for sentence, where in warned.items():
        more = f" and {len(where) - 3} more" if len(where) > 3 else ""
        lines.append(f"{', '.join(f'`{n}`' for n in where[:3])}{more} warn: {sentence}")
    return lines


# ------------------------------------------------------------------------------------- labs

# Runs in the reader's environment: the notebook and its folder come as arguments.
ALONE = """
import sys, nbformat, nbclient
made = nbformat.read(sys.argv[1], 4)
client = nbclient.NotebookClient(made, timeout=1800, kernel_name="python3", allow_errors=True)
client.execute(cwd=sys.argv[2])
nbformat.write(made, sys.argv[1])
"""


def alone(python: Path, root: Path, name: str, folder: Path) -> list[str]:
    """Run a solved lab in an empty folder; say which cells fail, check or draw otherwise."""
    import nbformat

    from scripts.labs import source as labs

    put(folder / f"{name}.ipynb", nbformat.writes(labs.notebook(name, True, root)).encode())
    kept = plain()
    # The kernel is started as `python`: let this be the reader's.
    kept["PATH"] = f"{python.parent}{os.pathsep}{kept['PATH']}"
    call = [str(python), "-c", ALONE, str(folder / f"{name}.ipynb"), str(folder)]
    done = subprocess.run(call, capture_output=True, text=True, env=kept)
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1]
        return [f"the lab `{name}` does not run: {why}"]
    return judged(name, nbformat.read(folder / f"{name}.ipynb", 4).cells)


def judged(name: str, cells: list) -> list[str]:
    """What is wrong in a solved lab's cells: errors, checks that are not right, no figure."""
    lines = []
    for cell in cells:
        if cell.cell_type != "code":
            continue
        first = cell.source.strip().splitlines()[0] if cell.source.strip() else ""
        where = f"the lab `{name}`, the cell that begins with “{first}”"
        failed = [x for x in cell.outputs if x.output_type == "error"]
        said = "".join(x.get("text", "") for x in cell.outputs if x.get("name") == "stdout")
        drawn = any("image/png" in x.get("data", {}) for x in cell.outputs)
        if failed:
            lines.append(f"{where}, stops: {failed[0].ename}: {failed[0].evalue}")
        elif "check" in cell.metadata and not said.startswith("✓"):
            lines.append(f"{where}: {said.strip().splitlines()[0] if said else 'no answer'}")
        elif "alt" in cell.metadata and not drawn:
            lines.append(f"{where}, draws nothing")
    return lines


# ------------------------------------------------------------------------------------ report


def look(
    root: Path, into: Path, names: list[str], parts: tuple[str, ...], say: Callable[[str], None]
) -> tuple[str, bool]:
    """Do the parts in the folder `into`.

    Returns:
        The report in Markdown, and whether readers get what the book says.

    Raises:
        NewestError: the book is not built, or pip brings nothing.
    """
    found, old = Found(), Book(root)
    if into.is_relative_to(root):
        raise NewestError(f"{into} is inside the book: name a folder beside it")
    chosen = runner.choose(old, names)
    if stale := [name for name in chosen if old.stale(name)]:
        raise NewestError(f"{stale[0]} is stale here: run python -m scripts run first")
    if "own" in parts:
        say("the book with its own versions")
        lines = systems.site(Path(sys.executable), root)
        found.tell("The book with its own versions", lines, "The build is strict, and all tests pass.")
    book = Book(into / "book")
    if set(parts) - {"own"}:
        python = environment(into / "venv", root, say)
        found.told.append(compared(python, root))
    if {"programs", "site", "properdocs"} & set(parts):
        copy(root, book.root)
    if "programs" in parts:
        say("the copy's snippets, by the runner")
        call = [str(python), "-m", "scripts", "run", *names]
        subprocess.run(call, cwd=book.root, stdout=sys.stderr)  # what fails is in the report
        report = difference.compare(old, book, set(chosen))
        text = difference.markdown(report, len(chosen)).replace("\n#", "\n##")
        found.told.append("#" + text.strip())
        if not report.same:
            found.sentences.append("outputs differ")
        say(f"{len(chosen)} programs, pasted")
        lines = pasted(python, old, book, chosen, runner.parallel())
        found.tell("Programs as pasted", lines, "All print what the page shows.")
    if "site" in parts:
        say("the site and its tests")
        lines = systems.site(python, book.root)
        found.tell("The site and its tests", lines, "The build is strict, and all tests pass.")
    if "properdocs" in parts:
        say("the site by properdocs")
        lines = systems.generators(python, book.root, into)
        found.tell("The site by properdocs", lines, "It is the same, but for the tag that names who made it.")
    if "labs" in parts:  # last: a first cell installs the versions that its lab names
        from scripts.labs import source as labs

        lines = []
        for name in labs.names(root):
            say(f"the lab {name}, alone")
            folder = into / "labs" / name
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            lines += alone(python, root, name, folder)
        found.tell("Labs alone", lines, "Every check says that the solution is right.")
    return "\n\n".join(found.told), not found.sentences


def join(folder: Path) -> tuple[str, bool]:
    """The reports that lie in the folders of `folder` as one, and whether all are fine.

    Raises:
        NewestError: there are none.
    """
    reports = [path.read_text("utf-8") for path in sorted(folder.glob("*/report.md"))]
    if not reports:
        raise NewestError(f"{folder} has no folder with a report.md in it")
    share = LENGTH // len(reports)
    cut = [x if len(x) <= share else x[:share] + "\n\n(The rest is cut off.)\n" for x in reports]
    return "\n".join(cut), all(FINE in report for report in reports)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--into", type=click.Path(path_type=Path), help="A folder to work in, kept.")
@click.option("--parts", default=",".join(PARTS), show_default=True, help="What to run.")
@click.option("--report", "file", type=click.Path(path_type=Path), help="A file for the report, too.")
@click.option("--join", "reports", type=click.Path(path_type=Path),
              help="A folder of reports to join; runs nothing.")  # fmt: skip
def main(names: tuple[str, ...], into: Path | None, parts: str, file: Path | None,
         reports: Path | None) -> int:  # fmt: skip
    """Run what readers run, with the newest libraries; report what differs.

    NAMES are chapters or snippets; default: all. The exit code is 0 if all is as the book says,
    1 if not, 2 if that cannot be told.
    """
    wanted = tuple(parts.split(","))
    if unknown := set(wanted) - set(PARTS):
        raise click.UsageError(
            f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}"
        )
    if reports:
        try:
            report, fine = join(reports)
        except NewestError as error:
            print(error, file=sys.stderr)
            return 2
        print(report, end="")
        return 0 if fine else 1
    code = 2
    with tempfile.TemporaryDirectory(prefix="newest-", ignore_cleanup_errors=True) as beside:
        folder = (into or Path(beside)).resolve()
        try:
            told, fine = look(
                ROOT, folder, list(names), wanted, lambda line: print(line, file=sys.stderr)
            )
            code = 0 if fine else 1
        except (NewestError, RunnerError) as error:
            told = str(error)
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    report = f"# On {system}\n\n{OTHER if code else FINE}\n\n{told}\n"
    if file:
        put(file.resolve(), report.encode())
    print(report, end="")
    return code
