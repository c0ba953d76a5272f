# What a lab's first cell defines beside the models: `check`, `hint` and the result file. The build
# writes this file into that cell; `gather` imports it, so both know one form of a result file.
import ast
import base64
import datetime
import hashlib
import json
import os
import pathlib
import time
import types
import zlib

# The file to take along has the lab's name here, and keeps a result file. TASKS holds, packed so
# that nobody reads ahead by chance, the names that each task is to bind, its hints and solution.
LAB = ""
TASKS = ""
VERSION = 1  # of the form of a result file
FIELDS = {"passed": bool, "hint": int, "tries": int, "first": str, "last": str, "digest": str}


def digest(student: str, code: str) -> str:
    """SHA-256 of a student's name and code; spaces at the ends of lines do not count."""
    lines = [line.rstrip() for line in code.strip().splitlines()]
    return hashlib.sha256("\n".join([student, *lines]).encode()).hexdigest()


def read_result(path: pathlib.Path) -> dict:
    """A result file. Raises OSError if it cannot be read, ValueError if it is none."""
    kept = json.loads(path.read_text("utf-8"))
    if not isinstance(kept, dict) or kept.get("version") != VERSION:
        raise ValueError(f"it is no result file of version {VERSION}")
    tasks = kept.get("tasks")
    whole = isinstance(kept.get("lab"), str) and isinstance(kept.get("student"), str)
    whole = whole and isinstance(tasks, dict) and all(isinstance(x, dict) for x in tasks.values())
    if not whole or any(type(x.get(f)) is not t for x in tasks.values() for f, t in FIELDS.items()):
        raise ValueError("parts of it are missing")
    if not all(0 <= x["hint"] <= 3 and x["tries"] >= 0 for x in tasks.values()):
        raise ValueError("a number in it cannot be")
    json.dumps(kept, ensure_ascii=False).encode()  # no halves of letters, which no file can hold
    return kept


class ResultFile:
    """What was done with each task, kept in a file beside the notebook. Nothing is sent."""

    def __init__(self, path: pathlib.Path, lab: str):
        self.path, self.lab = path, lab
        self.kept = {"version": VERSION, "lab": lab, "student": "", "tasks": {}}
        try:
            if lab and (before := read_result(path))["lab"] == lab:
                self.kept = before  # an evening before this one
        except (OSError, ValueError):
            pass  # there is none yet, or it is damaged: a new one takes its place

    def task(self, name: str) -> dict:
        """What was done with a task until now; times are UTC."""
        now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
        new = {"passed": False, "hint": 0, "tries": 0, "first": now, "last": now, "digest": ""}
        return {**self.kept["tasks"].get(name, new), "last": now}

    def tried(self, name: str, passed: bool, code: str) -> int:
        """Keep the outcome of a check; the same code again is no new try. Returns the tries."""
        student, done = str(globals().get("student", "")).strip(), self.task(name)
        made = digest(student, code) if code else ""
        if not made or (made, passed) != (done["digest"], done["passed"]):
            done |= {"passed": passed, "tries": done["tries"] + 1, "digest": made}
            self.keep(name, done, student)
        return done["tries"]

    def opened(self, name: str, hint: int) -> None:
        """Keep that a hint was opened; 3 is the solution."""
        done = self.task(name)
        if hint > done["hint"]:
            self.keep(name, {**done, "hint": hint}, self.kept["student"])

    def keep(self, name: str, done: dict, student: str) -> None:
        """Write all of it, whole or not at all; a folder that cannot be written to stops nothing."""
        self.kept["student"], self.kept["tasks"][name] = student, done
        if not self.lab:
            return
        part = self.path.with_name(self.path.name + ".part")
        try:
            part.write_text(json.dumps(self.kept, indent=2, ensure_ascii=False) + "\n", "utf-8")
            os.replace(part, self.path)
        except OSError:
            print(f"  ({self.path.name} could not be written here. Go on: your answers are in the notebook.)")


# Run again, this cell finds another working folder than the notebook's.
beside = globals().get("beside", pathlib.Path.cwd())
tasks = json.loads(zlib.decompress(base64.b85decode(TASKS))) if TASKS else {}
result_file = ResultFile(beside / f"{LAB}.result.json", LAB)
started_seconds = time.monotonic()


def code_of(task: str) -> str:
    """The student's code for a task: the last cell that was run and binds all of its names."""
    names = set(tasks.get(task, {}).get("names", ()))
    try:
        from IPython import get_ipython

        cells = get_ipython().history_manager.input_hist_raw
    except (ImportError, AttributeError):  # this is no notebook
        return ""
    for cell in reversed(cells):
        try:
            lines = ast.parse(cell).body
        except (SyntaxError, ValueError):
            continue
        parts = [x for line in lines for x in (line.targets if isinstance(line, ast.Assign) else [line])]
        parts += [x for part in parts if isinstance(part, (ast.Tuple, ast.List)) for x in part.elts]
        bound = {x.id for x in parts if isinstance(x, ast.Name)}
        bound |= {x.name for x in parts if isinstance(x, (ast.FunctionDef, ast.ClassDef))}
        if names and names <= bound:
            return cell
    return ""


def hint(task: str, number: int) -> None:
    """Show the hints of a task up to a number; 3 shows its solution, too."""
    from IPython.display import Markdown, display

    titles = ("First hint", "Second hint", "Solution")
    for title, text in zip(titles[:number], tasks.get(task, {}).get("hints", ())):
        display(Markdown(f"**{title}**\n\n{text}"))
    result_file.opened(task, min(number, len(titles)))


class Open(Exception):
    """An answer that still has the three dots in it."""


def check(problem, *answers, task: str = "") -> bool:
    """Say whether the answers to a task are right, or what is wrong. True when right."""

    def watched(answer):
        if answer is ... or isinstance(answer, tuple) and any(x is ... for x in answer):
            raise Open
        if not isinstance(answer, types.FunctionType):
            return answer

        def call(*arguments, **named):
            result = answer(*arguments, **named)
            return watched(result) if not isinstance(result, types.FunctionType) else result

        return call

    try:
        wrong = problem(*[watched(answer) for answer in answers])
    except Exception as error:
        if isinstance(error, Open) or "ellipsis" in str(error):
            print("○ Open: replace the three dots.")
            return False
        wrong = f"Your code stopped: {type(error).__name__}: {error}"
    print(f"✗ {wrong}" if wrong else "✓ Right.")
    count = result_file.tried(task, not wrong, code_of(task))
    seconds = time.monotonic() - started_seconds
    if count > 1 or seconds >= 60 and not wrong:
        print(f"  Try {count}, {seconds / 60:.0f} minutes after the first cell.")
    return not wrong
