"""Handed-in labs: a made-up class of thirty, gathered; a changed check decides nothing."""

import collections
import copy
import csv
import importlib.util
import io
import random
import re
import types

import nbformat
import pytest

from scripts.base import ROOT, BookError
from scripts.labs import gather

LAB = "input_representation"
# As a student of the class may write it, with the state of the check that they saw.
SIGNS = {"right": "✓ Right.", "wrong": "✗ Which number does the model read?", "open": "○ Open: replace the three dots."}


def typical() -> dict[str, list[str]]:
    """Wrong answers of the lab, by task."""
    path = ROOT / "tests" / "labs" / "answers" / f"{LAB}.py"
    spec = importlib.util.spec_from_file_location("answers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {task: [code for code, _ in said] for task, said in module.WRONG.items()}


def handed_in(answers: dict[str, tuple[str, str]]):
    """The notebook of a student: task → state and code; what is not named stays open."""
    made = nbformat.v4.new_notebook(cells=copy.deepcopy(gather.own(LAB)))
    for cell in made.cells:
        if (task := cell.metadata.get("task")) in answers:
            cell.source = answers[task][1]
        elif (task := cell.metadata.get("check")) in answers:
            said = SIGNS[answers[task][0]] + "\n"
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=said)]
    return made


@pytest.fixture(scope="module")
def tasks():
    """Task → the cell of the solution, in the lab's order."""
    return {c.metadata["task"]: c.source for c in gather.own(LAB, True) if "task" in c.metadata}


@pytest.fixture(scope="module")
def class_of_thirty(tasks, tmp_path_factory):
    """A folder with thirty notebooks, and what each student did."""
    folder, chance, wrong, did = tmp_path_factory.mktemp("class"), random.Random(0), typical(), {}
    for number in range(30):
        name = f"student {number:02}"
        answers = {}
        for task, solved in tasks.items():
            state = chance.choice(["right", "right", "wrong", "open", None])
            if state == "right":
                answers[task] = state, f"{solved}\nmine = {number}"
            elif state == "wrong":
                answers[task] = state, f"{chance.choice(wrong[task])}\nmine = {number}"
        did[name] = answers
    first, *_, last = tasks
    did["student 07"][last] = "right", tasks[last]  # the folded solution
    long = tasks[last] + "\nhelper = [n * n for n in range(12) if n % 3]"
    did["student 11"][last] = "right", long + "  # my own"
    did["student 23"][last] = "right", long.replace(" = ", "  =  ")
    for name, answers in did.items():
        nbformat.write(handed_in(answers), folder / f"{name}.ipynb")
    return folder, did


def test_a_class_of_thirty_is_one_table(class_of_thirty, tasks, says, capsys):
    folder, did = class_of_thirty
    says("`python -m scripts gather FOLDER` makes one table of the notebooks of a class", page="teaching")
    assert gather.main.main([str(folder)], standalone_mode=False) == 0
    assert "30 handed in" in capsys.readouterr().out
    rows = list(csv.DictReader(io.StringIO((folder / "gathered.csv").read_text("utf-8-sig"))))
    assert len(rows) == 30 * len(tasks) and {row["lab"] for row in rows} == {LAB}
    for row in rows:
        state, _ = did[row["student"]].get(row["task"], ("not run", ""))
        assert row["state"] == state, row
    page = (folder / "gathered.html").read_text("utf-8")
    assert page.count('<th scope="row">') == 30 and page.count('<th scope="col">') == len(tasks)
    assert re.findall(r"<td>(\d)</td></tr>", page) == [
        str(sum(state == "right" for state, _ in did[name].values())) for name in sorted(did)
    ]


def test_copies_are_named_and_the_folded_solution_is_told(class_of_thirty, tasks, says):
    folder, _ = class_of_thirty
    says("Programs that are the same but for comments and spaces are named", page="teaching")
    last = list(tasks)[-1]
    found = [one for path in sorted(folder.glob("*.ipynb")) for one in gather.answers(path, False)]
    assert gather.copies(found) == [(LAB, last, ["student 11", "student 23"])]
    assert [one.student for one in found if one.solution] == ["student 07"]


def test_tries_and_minutes_are_told_by_the_checks(tasks, tmp_path, says, capsys):
    says("From the second try on, a check also says which try it is and how many minutes", page="teaching")
    lines = (ROOT / "scripts" / "labs" / "first_cell.py").read_text("utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("started_seconds"))
    clock, space = types.SimpleNamespace(monotonic=lambda: 0.0), {"collections": collections, "types": types}
    space["time"] = clock
    exec("\n".join(lines[start:-1]), space)

    def three(answer):
        return None if answer == 3 else "Count again."

    def anything(answer):
        return None

    asked = [(three, ..., 0), (three, 2, 20), (three, 1, 90), (three, 3, 700), (anything, 0, 740)]
    for problem, answer, seconds in asked:
        clock.monotonic = lambda seconds=seconds: seconds
        space["check"](problem, answer)
    told = capsys.readouterr().out
    assert told.splitlines() == [
        "○ Open: replace the three dots.",
        "✗ Count again.",
        "✗ Count again.",
        "  Try 2, 2 minutes after the first cell.",
        "✓ Right.",
        "  Try 3, 12 minutes after the first cell.",
        "✓ Right.",
        "  Try 1, 12 minutes after the first cell.",
    ]
    made, (first, second, *_) = handed_in({}), tasks
    for cell in made.cells:
        said = {first: "✗ Count again.\n", second: "✓ Right.\n  Try 3, 12 minutes after the first cell.\n"}
        if (task := cell.metadata.get("check")) in said:
            cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=said[task])]
    nbformat.write(made, path := tmp_path / "ada.ipynb")
    found = gather.answers(path, False)
    assert [(one.tries, one.minutes) for one in found[:3]] == [("1", ""), ("3", "12"), ("", "")]
    assert "✓ <small>3 tries, 12 min</small></td>" in gather.as_page(found, False)
    row = list(csv.DictReader(io.StringIO(gather.as_csv(found))))[1]
    assert (row["tries"], row["minutes"]) == ("3", "12")


def test_a_short_answer_is_no_copy():
    assert gather.form("a, b = 1, 2") == "" == gather.form("not a program")
    long = "def f(x):\n    # why\n    return [y * y for y in x if y > 3 and y < 9]\n"
    assert gather.form(long) == gather.form(long.replace("    # why\n", "")) != ""
    assert gather.form(long) != gather.form(long.replace("9", "8"))


def test_a_changed_check_decides_nothing(tasks, tmp_path, says):
    says("With `--run` the answers are put into the book's own lab", page="teaching")
    first, second, *_ = tasks
    made = handed_in({first: ("right", 'for_wordpiece, for_bpe = 17, 3'), second: ("wrong", tasks[second])})
    for cell in made.cells:
        if cell.metadata.get("check") == first:
            cell.source = 'print("✓ Right.")'
    nbformat.write(made, path := tmp_path / "eve.ipynb")
    assert [one.state for one in gather.answers(path, False)][:2] == ["✓", "✗"]
    again = gather.answers(path, True)
    assert [one.state for one in again][:3] == ["✗", "✓", "○"]
    assert "must be a string" in again[0].said


def test_what_is_no_lab_is_named_and_the_rest_is_gathered(class_of_thirty, tmp_path, capsys):
    folder, _ = class_of_thirty
    (tmp_path / "ada.ipynb").write_bytes((folder / "student 00.ipynb").read_bytes())
    (tmp_path / "bob.ipynb").write_text("no notebook")
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "eve.ipynb")
    assert gather.main.main([str(tmp_path)], standalone_mode=False) == 1
    said = capsys.readouterr().out
    assert "1 handed in" in said and "bob.ipynb is no notebook" in said and "eve.ipynb is no lab of this book" in said
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(BookError, match="there are no notebooks in .*: students hand in NAME.ipynb"):
        gather.main.main([str(empty)], standalone_mode=False)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x"])
def test_a_spreadsheet_gets_no_formula(text):
    one = gather.Answer(text, LAB, "t", "✗", text, "")
    assert next(csv.reader(io.StringIO(gather.as_csv([one]).split("\n", 1)[1])))[0] == f"'{text}"
