"""Handed-in notebooks of a class → one table, a file for spreadsheets and a page to print.

    python -m scripts gather FOLDER          what the checks said when the notebooks were saved
    python -m scripts gather FOLDER --run    … and what they say now

Every student hands in the notebook as it is, `ada.ipynb`; its name is the student's. Nothing is
sent anywhere. With --run the answers are put into the book's own lab and its checks are run: so a
check that somebody has changed decides nothing. Those are the programs of students, and they run on
this machine: do it where you would run any stranger's program, or not at all.
"""

from __future__ import annotations

import ast
import csv
import functools
import html
import io
import re
from dataclasses import dataclass
from pathlib import Path

import click

from scripts.base import ROOT, BookError
from scripts.base.files import put
from scripts.labs import run, source

STATES = {"✓": "right", "✗": "wrong", "○": "open", "–": "not run"}
LEAST = 20  # parts of a program: shorter ones are equal by chance
TRIED = re.compile(r"^  Try (\d+), (\d+) minutes after the first cell\.$", re.M)
HEAD = ("student", "lab", "task", "state", "tries", "minutes", "what the check said", "answer")
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 16px/1.5 sans-serif; margin: 2em; }} table {{ border-collapse: collapse; margin: 1em 0 2em; }}
td, th {{ border-bottom: 1px solid #b5afa3; padding: 0.2em 0.7em; text-align: left; }}
thead th {{ vertical-align: bottom; }}
</style></head><body><h1>{title}</h1>
{body}
</body></html>
"""


@dataclass
class Answer:
    """What one student did with one task."""

    student: str
    lab: str
    task: str
    state: str  # a sign of STATES
    said: str  # by the check
    code: str
    solution: bool = False  # it is the one that the lab shows, folded
    tries: str = ""  # up to the saved one; empty if the notebook does not tell
    minutes: str = ""  # from the first cell to that try

    @property
    def form(self) -> str:
        """The program without its comments and spaces; empty if it is short or cannot be read."""
        return form(self.code)


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
    said, saved = _verdicts(checked), _verdicts(given.cells)
    shown = {c.metadata["task"]: c.source for c in own(name, True) if "task" in c.metadata}
    made = []
    for task, solved in shown.items():
        verdicts = [line for line in said.get(task, "").splitlines() if line[:1] in "✓✗○"]
        verdict = verdicts[0] if verdicts else "–"
        code = codes.get(task, "")
        same = bool(form(code)) and form(code) == form(solved)
        sign, words, effort = verdict[0], verdict[1:].strip(), _effort(saved.get(task, ""))
        made.append(Answer(path.stem, name, task, sign, words, code, same, *effort))
    return made


def _verdicts(cells: list) -> dict[str, str]:
    """Task → what its check printed."""
    return {cell.metadata["check"]: _text(cell) for cell in cells if "check" in cell.metadata}


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
        if one.form and not one.solution and one.state != "○":
            alike.setdefault((one.lab, one.task, one.form), []).append(one.student)
    return [(lab, task, who) for (lab, task, _), who in alike.items() if len(who) > 1]


def as_csv(found: list[Answer]) -> str:
    """A line for each student and task."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(HEAD)
    for one in found:
        writer.writerow([_cell(one.student), one.lab, one.task, STATES[one.state], one.tries, one.minutes,
                         _cell(one.said), "as the solution" if one.solution else ""])  # fmt: skip
    return made.getvalue()


def _cell(text: str) -> str:
    """A text that a spreadsheet takes for a text, and for no formula."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text


def _small(one: Answer) -> str:
    """Beside the sign: what a task has taken, where the notebook tells."""
    if not one.minutes:
        return ""
    return f" <small>{one.tries} {'try' if one.tries == '1' else 'tries'}, {one.minutes} min</small>"


def as_page(found: list[Answer], again: bool) -> str:
    """The class as a page: a table for each lab, and whose programs are the same."""
    body = ["<p>✓ right, ✗ wrong, ○ open, – not run. “=” is the solution that the lab shows.</p>"]
    body.append(
        "<p>The book's checks were run on these answers.</p>" if again
        else "<p>This is what the notebooks showed when they were saved.</p>"
    )  # fmt: skip
    for lab in dict.fromkeys(one.lab for one in found):
        here = [one for one in found if one.lab == lab]
        tasks = list(dict.fromkeys(one.task for one in here))
        head = "".join(f'<th scope="col">{html.escape(task)}</th>' for task in tasks)
        rows = []
        for student in dict.fromkeys(one.student for one in here):
            mine = {one.task: one for one in here if one.student == student}
            cells = "".join(
                f'<td title="{html.escape(mine[task].said)}">{mine[task].state}{" =" * mine[task].solution}'
                f"{_small(mine[task])}</td>"
                for task in tasks
            )
            right = sum(one.state == "✓" for one in mine.values())
            rows.append(f'<tr><th scope="row">{html.escape(student)}</th>{cells}<td>{right}</td></tr>')
        body.append(
            f"<h2>{lab}</h2><table><thead><tr><th>student</th>{head}<th>right</th></tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>"
        )
    body.append("<h2>The same program</h2>")
    same = [
        f"<li>{lab}, {html.escape(task)}: {html.escape(', '.join(who))}</li>"
        for lab, task, who in copies(found)
    ]
    body.append(f"<ul>{''.join(same)}</ul>" if same else "<p>None.</p>")
    return PAGE.format(title="What was handed in", body="\n".join(body))


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
    for problem in problems:
        print(f"✗ {problem}")
    if found:
        put(folder / "gathered.csv", ("\ufeff" + as_csv(found)).encode())  # Excel reads UTF-8 by that mark
        put(folder / "gathered.html", as_page(found, again).encode())
        students = len({one.student for one in found})
        print(f"{students} handed in: {folder / 'gathered.html'} and gathered.csv")
    return 1 if problems else 0
