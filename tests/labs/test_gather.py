"""Handed-in labs: a made-up class of thirty, gathered; a changed check decides nothing."""

import copy
import csv
import importlib.util
import io
import json
import random
import re
import shutil
import types

import nbformat
import pytest

from scripts.base import ROOT, BookError
from scripts.labs import checking, gather, gathered, results

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


def result_of(student: str, answers: dict[str, tuple[str, str]], lab: str = LAB) -> dict:
    """The result file of a student who opened the hint 2, and got each answer on the third try."""
    made = {"version": 1, "lab": lab, "student": student, "tasks": {}}
    for task, (state, code) in answers.items():
        made["tasks"][task] = {
            "passed": state == "right", "hint": 2, "tries": 3, "first": "2026-11-30T18:00:00+00:00",
            "last": "2026-11-30T18:20:00+00:00", "digest": checking.digest(student, code),
        }  # fmt: skip
    return made


def handed_in(answers: dict[str, tuple[str, str]]):
    """The notebook of a student: task → state and code; what is not named stays open."""
    made = nbformat.v4.new_notebook(cells=copy.deepcopy(gather.own(LAB)))
    for cell in made.cells:
        if (task := cell.metadata.get("task")) in answers:
            cell.source = answers[task][1]
        elif (task := cell.metadata.get("hint")) in answers:
            cell.source = f'hint("{task}", 1)'
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
    did["student 17"] = {first: ("right", tasks[first] + "\nmine = 17"), last: ("wrong", "pool = 17")}
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
    clock, space = types.SimpleNamespace(monotonic=lambda: 0.0), {}
    exec((ROOT / "scripts" / "labs" / "checking.py").read_text("utf-8"), space)
    space |= {"time": clock, "started_seconds": 0.0}

    def three(answer):
        return None if answer == 3 else "Count again."

    def anything(answer):
        return None

    asked = [(three, ..., 0), (three, 2, 20), (three, 1, 90), (three, 3, 700), (anything, 0, 740)]
    for problem, answer, seconds in asked:
        clock.monotonic = lambda seconds=seconds: seconds
        space["check"](problem, answer, task=problem.__name__)
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
    assert "✓ <small>3 tries, 12 min</small></td>" in gathered.as_page(found, [], [], False)
    row = list(csv.DictReader(io.StringIO(gathered.as_csv(found))))[1]
    assert (row["tries"], row["minutes"]) == ("3", "12")


@pytest.fixture
def with_files(class_of_thirty, tmp_path):
    """The same class with its result files: some missing, damaged, changed or another's."""
    folder, did = class_of_thirty
    shutil.copytree(folder, into := tmp_path / "class", ignore=shutil.ignore_patterns("gathered.*"))
    files = {name: result_of(name, answers) for name, answers in did.items()}
    files["student 06"] = result_of("student 06", did["student 06"], "encoder")
    files["student 08"] = files["student 02"]
    files["student 12"] = files["student 02"] | {"student": "student 12"}
    for task in files["student 14"]["tasks"].values():
        task["digest"] = checking.digest("student 14", "what stood there before")
    for task in files["student 17"]["tasks"].values():
        task["passed"] = not task["passed"]
    for name in ("student 20", "student 21"):
        files[name] = result_of("Ada Lovelace", did[name])
    for name in ("student 03", "student 09"):
        del files[name]
    for name, made in files.items():
        (into / f"{name}.result.json").write_text(json.dumps(made), "utf-8")
    (into / "student 05.result.json").write_text('{"version": 1, "lab')
    return into, did


def table(folder) -> dict[tuple[str, str], dict[str, str]]:
    """Student and task → the row of the gathered table."""
    rows = csv.DictReader(io.StringIO((folder / "gathered.csv").read_text("utf-8-sig")))
    return {(row["student"], row["task"]): row for row in rows}


def test_result_files_are_read_and_what_does_not_fit_is_told(with_files, says, capsys):
    says(
        "For each task it says whether the check was passed, which hint was opened last, how often the student"
        " tried and when, and it has a digest of the student's name and code.",
        "Where file and notebook do not fit, a sentence says so: the code was changed after its check, the file is"
        " of another lab, it was written for another student of the class, its digest is that of another's code,"
        " or it calls right what the notebook calls wrong.",
        "The table has both, and the last hint; a notebook without a result file is gathered, too.",
        page="teaching",
    )
    folder, did = with_files
    first, last = did["student 17"]
    assert gather.main.main([str(folder)], standalone_mode=False) == 1, "one file cannot be read"
    said = capsys.readouterr().out

    def of(student: str) -> str:
        return ", ".join(did[student])

    assert said.splitlines()[:-1] == [
        "✗ student 05.result.json cannot be read: it is no JSON",
        f"! student 06.result.json is of the lab encoder, the notebook of {LAB}",
        "! student 08.result.json was written for student 02",
        f"! student 12.result.json has the digest of student 02 for {of('student 02')}",
        f"! student 14.result.json was written for other code than the notebook has in {of('student 14')}",
        f"! student 17.result.json says wrong for {first}, and the notebook says right",
        f"! student 17.result.json says right for {last}, and the notebook says wrong",
        "! student 20.result.json and student 21.result.json hold the same name, Ada Lovelace",
        "! No result file: student 03, student 05, student 09",
    ]
    rows = table(folder)
    page = (folder / "gathered.html").read_text("utf-8")
    for line in said.splitlines()[:-1]:
        assert line[2:] in page
    for (student, task), row in rows.items():
        if (student, task) == ("student 00", next(iter(did["student 00"]))):
            assert (row["last hint"], row["tries"], row["result file"]) == ("hint 2", "3", "fits")
            assert row["first time"] < row["last time"] and row["name in it"] == student
        if student in ("student 03", "student 05", "student 06", "student 08", "student 12"):  # its notebook's
            copied = student in ("student 08", "student 12") and task in did["student 02"]
            assert row["result file"] == ("of student 02" if copied else "")
            assert row["last hint"] == ("hint 1" if task in did[student] else "") and not row["first time"]
    assert {row["state"] for row in rows.values()} == {"right", "wrong", "not run"}
    assert "✓ <small>3 tries, hint 2</small>" in page and "<small>Ada Lovelace</small>" in page
    odd = {f"student {number:02}" for number in (3, 5, 6, 8, 9, 12, 14, 17)}
    plain = [row for (student, task), row in rows.items() if student not in odd and task in did[student]]
    assert len(plain) > 50 and {row["result file"] for row in plain} == {"fits"}


def test_a_file_finds_its_notebook_by_the_name_in_it(tmp_path, tasks):
    first = next(iter(tasks))
    made = {first: ("right", tasks[first])}
    for name, student in [("encoder.result (3)", "ada"), ("x", "nobody"), ("later", "ada")]:
        (tmp_path / f"{name}.json").write_text(json.dumps(result_of(student, made)), "utf-8")
    (tmp_path / "y.json").write_text('{"version": 2}')
    (tmp_path / "z.json").write_text('{"version": 1, "lab": "a", "student": "b", "tasks": {"c": {"passed": 1}}}')
    for name, old, new in [("u", '"hint": 2', '"hint": 7'), ("v", "ada", "\\ud800"), ("w", "{", "[" * 99999)]:
        text = json.dumps(result_of("ada", made)).replace(old, new)
        (tmp_path / f"{name}.json").write_text(text, "utf-8")
    found, problems = results.read(tmp_path, {"ada", "bob"})
    assert {student: file.path.name for student, file in found.items()} == {"ada": "encoder.result (3).json"}
    assert problems == [
        "u.json cannot be read: a number in it cannot be",
        "v.json cannot be read: it is no JSON",
        "w.json cannot be read: it is no JSON",
        "y.json cannot be read: it is no result file of version 1",
        "z.json cannot be read: parts of it are missing",
        "later.json belongs to no notebook here: name both for the student",
        "x.json belongs to no notebook here: name both for the student",
    ]


def test_what_was_checked_before_the_name_was_written_fits(tasks):
    first = next(iter(tasks))
    kept = result_of("", {first: ("right", tasks[first])}) | {"student": "ada"}
    file = results.Result("ada.result.json", kept)
    assert file.fits(first, tasks[first]) and file.fits(first, tasks[first].replace("\n", "  \n") + "\n")
    assert not file.fits(first, tasks[first] + "x")


def test_a_file_by_hand_fits_until_the_check_is_run(tasks, says):
    says(
        "Whoever knows its form can write such a file by hand, and only `--run` can tell that its answer is wrong.",
        page="teaching",
    )
    first = next(iter(tasks))
    files = {"eve": results.Result(ROOT / "eve.result.json", result_of("eve", {first: ("right", "a = 1")}))}
    for state, again, fit, said in [
        ("✓", False, "fits", []),
        ("✗", True, "says right", [f"eve.result.json says right for {first}, and the check says wrong"]),
    ]:
        one = results.Answer("eve", LAB, first, state, "", "a = 1")
        assert results.compare([one], files, again) == said and one.fit == fit


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
    one = results.Answer(text, LAB, "t", "✗", text, "", name=text)
    row = next(csv.reader(io.StringIO(gathered.as_csv([one]).split("\n", 1)[1])))
    assert row.count(f"'{text}") == 3 and text not in row
