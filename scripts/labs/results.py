"""The result files of a class beside its notebooks: what they add, and where the two do not fit.

A file is written by a lab on a student's machine (`checking.py`), so whoever wants to can change
it. It is there to help: what decides is the check, run again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from scripts.labs.checking import digest, read_result

HINTS = ("", "hint 1", "hint 2", "solution")
WORDS = {"✓": "right", "✗": "wrong"}


@dataclass
class Answer:
    """What one student did with one task."""

    student: str
    lab: str
    task: str
    state: str  # a sign: ✓ right, ✗ wrong, ○ open, – not run
    said: str  # by the check
    code: str
    solution: bool = False  # it is the one that the lab shows
    tries: str = ""  # up to the saved one; empty if nothing tells
    minutes: str = ""  # from the first cell to that try
    hint: int = 0  # the last that was opened; 3 is the solution
    first: str = ""  # when the task was begun and last tried, by the result file
    last: str = ""
    name: str = ""  # of the student, in the result file
    fit: str = ""  # whether the result file is of this code; empty without one


@dataclass
class Result:
    """A result file that lies beside a notebook."""

    path: Path
    kept: dict  # as `checking.read_result` gives it

    @property
    def name(self) -> str:
        """The student's, as the student wrote it."""
        return self.kept["student"]

    def digest(self, task: str) -> str:
        """That of the code that was checked last; empty if none was, or none was found."""
        return self.kept["tasks"].get(task, {}).get("digest", "")

    def fits(self, task: str, code: str) -> bool:
        """Whether this code was checked last, perhaps before the name was written."""
        return self.digest(task) in (digest(self.name, code), digest("", code))


def read(folder: Path, students: set[str]) -> tuple[dict[str, Result], list[str]]:
    """Student → result file, and a sentence on each file that is none or nobody's.

    A file is a student's by its own name, `ada.result.json`, or else by the name in it.
    """
    found, waiting, problems = {}, [], []
    for path in sorted(folder.glob("*.json")):
        try:
            one = Result(path, read_result(path))
        except (json.JSONDecodeError, UnicodeError, RecursionError):
            problems.append(f"{path.name} cannot be read: it is no JSON")
        except (OSError, ValueError) as error:
            problems.append(f"{path.name} cannot be read: {error}")
        else:
            if (student := path.name.split(".result")[0]) in students:
                found[student] = one
            else:
                waiting.append(one)
    for one in waiting:
        if one.name in students and one.name not in found:
            found[one.name] = one
        else:
            problems.append(f"{one.path.name} belongs to no notebook here: name both for the student")
    return found, problems


def compare(found: list[Answer], files: dict[str, Result], again: bool) -> list[str]:
    """Put what the result files tell into the answers; say where file and notebook do not fit.

    Args:
        found: the answers of the class, filled in here.
        again: whether their states come from a new run of the checks.
    """
    by_student: dict[str, list[Answer]] = {}
    for one in found:
        by_student.setdefault(one.student, []).append(one)
    remarks = []
    for student, mine in by_student.items():
        if student not in files:
            continue
        file = files[student]
        if file.kept["lab"] != mine[0].lab:
            remarks.append(f"{file.path.name} is of the lab {file.kept['lab']}, the notebook of {mine[0].lab}")
        elif file.name != student and file.name in by_student:
            remarks.append(f"{file.path.name} was written for {file.name}")
            for one in mine:
                one.fit = f"of {file.name}" if file.digest(one.task) else ""
        else:
            for one in mine:
                one.fit = _fit(one, file, found, files)
                _fill(one, file)
            remarks += _sentences(file.path.name, mine, "check" if again else "notebook")
    names: dict[str, list[str]] = {}
    for file in files.values():
        names.setdefault(file.name, []).append(file.path.name)
    remarks += [
        f"{' and '.join(paths)} hold the same name, {name}"
        for name, paths in names.items()
        if name and name not in by_student and len(paths) > 1
    ]
    if files and (without := [student for student in by_student if student not in files]):
        remarks.append(f"No result file: {', '.join(without)}")
    return remarks


def _fill(one: Answer, file: Result) -> None:
    """Put into an answer what its file tells, if that is no other student's."""
    one.name = file.name
    done = file.kept["tasks"].get(one.task)
    if done and not one.fit.startswith("of"):
        one.hint, one.tries = max(one.hint, done["hint"]), str(done["tries"] or "")
        one.first, one.last = done["first"], done["last"]


def _fit(one: Answer, file: Result, found: list[Answer], files: dict[str, Result]) -> str:
    """How a file fits an answer; empty if no check has kept a digest."""
    if not (kept := file.digest(one.task)):
        return ""
    if file.fits(one.task, one.code):
        stated = "✓" if file.kept["tasks"][one.task]["passed"] else "✗"
        return "fits" if one.state not in WORDS or one.state == stated else f"says {WORDS[stated]}"
    for other in found:
        if (other.lab, other.task) != (one.lab, one.task) or other.student == one.student:
            continue
        theirs = files.get(other.student)
        if kept in {digest(name, other.code) for name in (other.student, theirs.name if theirs else "")}:
            return f"of {other.student}"
    return "changed after its check"


def _sentences(file: str, mine: list[Answer], verdict: str) -> list[str]:
    """What does not fit in one student's file, a sentence for each kind.

    Args:
        verdict: where the states come from.
    """
    kinds: dict[str, list[Answer]] = {}
    for one in mine:
        if one.fit not in ("", "fits"):
            kinds.setdefault(one.fit, []).append(one)
    made = []
    for fit, those in kinds.items():
        tasks = ", ".join(one.task for one in those)
        if fit.startswith("says"):
            made.append(f"{file} {fit} for {tasks}, and the {verdict} says {WORDS[those[0].state]}")
        elif fit.startswith("of"):
            made.append(f"{file} has the digest {fit} for {tasks}")
        else:
            made.append(f"{file} was written for other code than the notebook has in {tasks}")
    return made
