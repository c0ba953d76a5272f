"""Handed-in notebooks of a class → one table, a file for spreadsheets and a page to print.

    python -m scripts gather FOLDER          what the checks said when the notebooks were saved
    python -m scripts gather FOLDER --run    … and what they say now

Every student hands in the notebook as it is, `ada.ipynb`; its name is the student's. With it comes
the result file that the lab wrote beside it, `ada.result.json`: last hints and tries are taken from
there, and where file and notebook do not fit, a sentence says so. A notebook alone will do, too.
Nothing is sent anywhere.

With --run the answers are put into the book's own lab and its checks are run: so a check that
somebody has changed decides nothing. Those are the programs of students, and they run on this
machine: do it where you would run any stranger's program, or not at all.
"""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import click

from scripts.base import ROOT, BookError
from scripts.base.files import put
from scripts.labs import gathered, results, run, source
from scripts.labs.results import Answer

LEAST = 20  # parts of a program: shorter ones are equal by chance
TRIED = re.compile(r"^  Try (\d+), (\d+) minutes after the first cell\.$", re.M)
OPENED = re.compile(r"^hint\([^,]+, *([0-3])\)", re.M)


def form(code: str) -> str:
    """A program as a tree without places, comments and spaces, to tell equal ones.

    Empty if it cannot be read, or if it has so few parts that two may be equal by chance.
    """
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return ""
    return ast.dump(tree) if sum(1 for _ in ast.walk(tree)) >= LEAST else ""


@functools.cache
def own(name: str, solved: bool = False) -> list:
    """The cells of one of the book's labs, to read and not to change."""
    return source.notebook(name, solved=solved).cells


def lab_of(cells: list, where: str) -> str:
    """The lab that a notebook is, by the tasks that it holds.

    Raises:
        BookError: none of the book's labs has these tasks.
    """
    tasks = {cell.metadata["task"] for cell in cells if "task" in cell.metadata}
    for name in source.names():
        if tasks and tasks <= {cell.metadata.get("task") for cell in own(name)}:
            return name
    raise BookError(f"{where} is no lab of this book: students hand in the notebook that they downloaded")


def answers(path: Path, again: bool) -> list[Answer]:
    """What a handed-in notebook says, task by task, in the lab's order.

    Args:
        again: run the book's checks on its answers, in place of what was saved.

    Raises:
        BookError: it is no notebook of a lab.
    """
    import nbformat

    try:
        given = nbformat.read(path, 4)
    except (ValueError, KeyError, AttributeError, nbformat.ValidationError):
        raise BookError(f"{path.name} is no notebook: a lab is handed in as .ipynb") from None
    name = lab_of(given.cells, path.name)
    codes = {cell.metadata["task"]: cell.source for cell in given.cells if "task" in cell.metadata}
    checked = rerun(name, codes) if again else given.cells
    said, saved, hints = _verdicts(checked), _verdicts(given.cells), _hints(given.cells)
    shown = {c.metadata["task"]: c.source for c in own(name, True) if "task" in c.metadata}
    made = []
    for task, solved in shown.items():
        verdicts = [line for line in said.get(task, "").splitlines() if line[:1] in "✓✗○"]
        verdict = verdicts[0] if verdicts else "–"
        code = codes.get(task, "")
        same = bool(form(code)) and form(code) == form(solved)
        sign, words, effort = verdict[0], verdict[1:].strip(), _effort(saved.get(task, ""))
        hint = hints.get(task, 0)
        made.append(Answer(path.stem, name, task, sign, words, code, same, *effort, hint=hint))
    return made


def _verdicts(cells: list) -> dict[str, str]:
    """Task → what its check printed."""
    return {cell.metadata["check"]: _text(cell) for cell in cells if "check" in cell.metadata}


def _hints(cells: list) -> dict[str, int]:
    """Task → the hint that its cell showed last; 3 is the solution."""
    found = {cell.metadata["hint"]: OPENED.search(cell.source) for cell in cells if "hint" in cell.metadata}
    return {task: int(shown[1]) for task, shown in found.items() if shown}


def rerun(name: str, codes: dict[str, str]) -> list:
    """The cells of the book's own lab, run with these answers to its tasks."""
    made = source.notebook(name)
    for cell in made.cells:
        if cell.metadata.get("task") in codes:
            cell.source = codes[cell.metadata["task"]]
        if told := cell.metadata.pop("alt", None):
            cell.metadata["alt_when_right"] = told  # a wrong answer may leave no figure
        if cell.cell_type == "code":
            cell.metadata["tags"] = ["raises-exception"]  # … and may stop a cell, not the lab
    run.execute(made, ROOT, name)
    return made.cells


def _effort(told: str) -> tuple[str, str]:
    """Tries, and minutes from the first cell to the saved one; a check does not count a first try aloud."""
    if found := TRIED.search(told):
        return found[1], found[2]
    return ("1" if re.search("^[✓✗]", told, re.M) else ""), ""


def _text(cell) -> str:
    return "".join(output.get("text", "") for output in cell.get("outputs", []))


def copies(found: list[Answer]) -> list[tuple[str, str, list[str]]]:
    """Lab, task and the students whose programs for it are the same, but for comments and spaces.

    The lab's own solution, which all can unfold, and short answers are left out.
    """
    alike: dict[tuple[str, str, str], list[str]] = {}
    for one in found:
        if (same := form(one.code)) and not one.solution and one.state != "○":
            alike.setdefault((one.lab, one.task, same), []).append(one.student)
    return [(lab, task, who) for (lab, task, _), who in alike.items() if len(who) > 1]


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--run", "again", is_flag=True, help="Run the checks anew. This runs what students wrote.")
def main(folder: Path, again: bool) -> int:
    """Gather the labs that a class has handed in: the notebooks in FOLDER, one table."""
    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        raise BookError(f"there are no notebooks in {folder}: students hand in NAME.ipynb")
    found, problems = [], []
    for path in paths:
        try:
            found += answers(path, again)
        except BookError as error:
            problems.append(str(error))
    files, unread = results.read(folder, {path.stem for path in paths})
    remarks = results.compare(found, files, again)
    for sentence in problems + unread:
        print(f"✗ {sentence}")
    for sentence in remarks:
        print(f"! {sentence}")
    if found:
        table = gathered.as_csv(found)
        put(folder / "gathered.csv", ("\ufeff" + table).encode())  # Excel reads UTF-8 by that mark
        page = gathered.as_page(found, copies(found), unread + remarks, again)
        put(folder / "gathered.html", page.encode())
        students = len({one.student for one in found})
        print(f"{students} handed in: {folder / 'gathered.html'} and gathered.csv")
    return 1 if problems or unread else 0
