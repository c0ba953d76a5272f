"""The answers of a class as a table: for spreadsheets, and as a page to print."""

from __future__ import annotations

import csv
import html
import io

from scripts.labs.results import HINTS, Answer

STATES = {"✓": "right", "✗": "wrong", "○": "open", "–": "not run"}
HEAD = ("student", "lab", "task", "state", "tries", "minutes", "last hint", "first time", "last time",
        "what the check said", "answer", "result file", "name in it")  # fmt: skip
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 16px/1.5 sans-serif; margin: 2em; }} table {{ border-collapse: collapse; margin: 1em 0 2em; }}
td, th {{ border-bottom: 1px solid #b5afa3; padding: 0.2em 0.7em; text-align: left; vertical-align: top; }}
thead th {{ vertical-align: bottom; }} small {{ display: block; }}
</style></head><body><h1>{title}</h1>
{body}
</body></html>
"""


def as_csv(found: list[Answer]) -> str:
    """A line for each student and task."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(HEAD)
    for one in found:
        row = [one.student, one.lab, one.task, STATES[one.state], one.tries, one.minutes,
               HINTS[one.hint], one.first, one.last, one.said,
               "as the solution" if one.solution else "", one.fit, one.name]  # fmt: skip
        writer.writerow([_cell(text) for text in row])
    return made.getvalue()


def _cell(text: str) -> str:
    """A text that a spreadsheet takes for a text, and for no formula."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text


def _small(one: Answer) -> str:
    """Under the sign: what a task has taken, where something tells."""
    tried = f"{one.tries} {'try' if one.tries == '1' else 'tries'}"
    tried = tried if one.minutes or one.tries not in ("", "1") else ""
    parts = [tried, one.minutes and f"{one.minutes} min", HINTS[one.hint]]
    if one.fit not in ("", "fits"):
        parts.append(f"file {one.fit}")
    told = ", ".join(part for part in parts if part)
    return f" <small>{html.escape(told)}</small>" if told else ""


def _row(student: str, tasks: list[str], mine: dict[str, Answer]) -> str:
    """One student's row of a lab's table."""
    cells = "".join(
        f'<td title="{html.escape(mine[task].said)}">{mine[task].state}{" =" * mine[task].solution}'
        f"{_small(mine[task])}</td>"
        for task in tasks
    )
    right = sum(one.state == "✓" for one in mine.values())
    names = {one.name for one in mine.values()} - {"", student}
    named = f"<small>{html.escape(', '.join(names))}</small>" if names else ""
    return f'<tr><th scope="row">{html.escape(student)}{named}</th>{cells}<td>{right}</td></tr>'


def as_page(
    found: list[Answer], copies: list[tuple[str, str, list[str]]], remarks: list[str], again: bool
) -> str:
    """The class as a page: a table for each lab, whose programs are the same, and what does not fit.

    Args:
        copies: lab, task and the students whose programs are the same.
        remarks: on the result files, a sentence each.
        again: whether the checks were run on these answers.
    """
    body = ["<p>✓ right, ✗ wrong, ○ open, – not run. “=” is the solution that the lab shows.</p>"]
    body.append(
        "<p>The book's checks were run on these answers.</p>" if again
        else "<p>This is what the notebooks showed when they were saved.</p>"
    )  # fmt: skip
    for lab in dict.fromkeys(one.lab for one in found):
        here = [one for one in found if one.lab == lab]
        tasks = list(dict.fromkeys(one.task for one in here))
        head = "".join(f'<th scope="col">{html.escape(task)}</th>' for task in tasks)
        rows = [
            _row(student, tasks, {one.task: one for one in here if one.student == student})
            for student in dict.fromkeys(one.student for one in here)
        ]
        body.append(
            f"<h2>{lab}</h2><table><thead><tr><th>student</th>{head}<th>right</th></tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>"
        )
    same = [f"{lab}, {task}: {', '.join(who)}" for lab, task, who in copies]
    parts = {"The same program": same, "Where result file and notebook do not fit": remarks}
    for title, lines in parts.items():
        listed = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
        body.append(f"<h2>{title}</h2>" + (f"<ul>{listed}</ul>" if listed else "<p>None.</p>"))
    return PAGE.format(title="What was handed in", body="\n".join(body))
