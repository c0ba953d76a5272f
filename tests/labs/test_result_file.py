"""The result file that a lab writes beside its notebook, and the hints that its code sees."""

import ast
import base64
import json
import re
import types
import zlib

import IPython
import nbformat
import pytest
from nbclient import NotebookClient
from tiny_lab import TASK

from scripts.base import ROOT
from scripts.labs import checking, handout, run
from scripts.labs import source as labs

LAB = '''# ---
# description: A trial of what a student hands in.
# ---

# %% [markdown]
# # Lab: Trial

# %% setup=""

''' + TASK + '''
# %% [markdown] hints="double"
# Add it, as in [the encoder](../encoder.md#pooling).
#
# ---
#
# Or multiply.
'''


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    """The notebook of a small lab, as a student takes it along."""
    folder = tmp_path_factory.mktemp("book")
    for name in ("scripts", "snippets"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "docs" / "labs").mkdir(parents=True)
    labs.written(folder, "trial").write_text(LAB, "utf-8")
    return handout.download("trial", "https://book.example/", folder, labs.unrun(folder, "trial"))


def work(notebook: str, folder, name: str = "", answer: str = "result = ...", hint: int = 0) -> str:
    """Run all cells of a notebook in a folder without the book, as a student left them.

    Returns:
        What the check and the hints printed.
    """
    made = nbformat.reads(notebook, 4)
    for cell in made.cells:
        if "setup" not in cell.metadata:
            cell.source = cell.source.replace('student = ""', f'student = "{name}"')
            cell.source = cell.source.replace("result = ...", answer).replace('le", 0)', f'le", {hint})')
    client = NotebookClient(made, kernel_name="python3", extra_arguments=run.KERNEL)
    with client.setup_kernel(cwd=str(folder)):
        for number, cell in enumerate(made.cells):
            client.execute_cell(cell, number)
    outputs = [one for cell in made.cells[3:] for one in cell.get("outputs", ())]
    return "".join(one.get("text") or one["data"]["text/markdown"] + "\n" for one in outputs)


def test_a_student_s_evenings_are_in_the_file(trial, tmp_path):
    """A hint, a wrong answer, the same again, the right one: in four kernels, one after the other."""
    path = tmp_path / "trial.result.json"
    assert work(trial, tmp_path) == "○ Open: replace the three dots.\n" and not path.exists()
    said = work(trial, tmp_path, "ada", "result = x", hint=1)
    assert said.startswith("✗ Twice three is not 3.\n**First hint**\n\nAdd it, as in [the encoder](https://book.ex")
    assert "Or multiply" not in said
    wrong = json.loads(path.read_text("utf-8"))
    assert (wrong["version"], wrong["lab"], wrong["student"]) == (1, "trial", "ada")
    assert work(trial, tmp_path, "ada", "result = x").startswith("✗"), "and this is no new try"
    assert json.loads(path.read_text("utf-8")) == wrong
    said = work(trial, tmp_path, "ada", "result = x + x", hint=3)
    assert said.startswith("✓ Right.\n  Try 2, 0 minutes") and "```python\nresult = 2 * x\n```" in said
    kept = checking.read_result(path)
    code = "def double(x):\n    result = x + x\n    return result"
    done = kept["tasks"].pop("double")
    assert (done["passed"], done["hint"], done["tries"]) == (True, 3, 2) and not kept["tasks"]
    assert done["first"] == wrong["tasks"]["double"]["first"] <= done["last"]
    assert done["digest"] == checking.digest("ada", code) != checking.digest("bob", code)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["executable-transformer", "trial.result.json"]


def test_a_folder_that_cannot_be_written_to_stops_nothing(trial, tmp_path):
    (tmp_path / "trial.result.json.part").mkdir()  # as root, a test may write everywhere
    said = work(trial, tmp_path, "ada", "result = 2 * x", hint=1)
    assert said.startswith("✓ Right.\n  (trial.result.json could not be written here.")
    assert "**First hint**" in said and not (tmp_path / "trial.result.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 2}', '{"version": 1, "lab": "trial", "student": "", "tasks": {"a": {}}}'])  # fmt: skip
def test_a_damaged_file_is_begun_anew(tmp_path, text):
    path = tmp_path / "trial.result.json"
    path.write_text(text)
    file = checking.ResultFile(path, "trial")
    assert file.tried("a", True, "b = 1") == 1
    assert checking.read_result(path)["tasks"]["a"]["passed"]


def test_another_lab_s_file_is_not_taken_over(tmp_path):
    path = tmp_path / "trial.result.json"
    checking.ResultFile(path, "other").tried("a", True, "b = 1")
    assert checking.ResultFile(path, "trial").kept["tasks"] == {}


def test_the_book_s_own_runs_write_no_file(tmp_path, says):
    says("only in the notebook to take along, so the build writes none.", page="contributing")
    cells = labs.notebook("encoder").cells
    [first] = [cell.source for cell in cells if "setup" in cell.metadata]
    assert '\nLAB = ""\n' in first and "\ndef check(" in first and "scripts.labs" not in first
    checking.ResultFile(tmp_path / "x", "").tried("a", True, "b = 1")
    assert not list(tmp_path.iterdir())


def test_nothing_is_sent(says):
    says("It is plain text, and it is sent nowhere.", page="teaching")
    assert "Nothing is sent anywhere." in labs.HAND_IN
    tree = ast.parse((ROOT / "scripts" / "labs" / "checking.py").read_text("utf-8"))
    named = {getattr(one, "module", None) or one.names[0].name for one in ast.walk(tree)
             if isinstance(one, ast.Import | ast.ImportFrom)}  # fmt: skip
    assert named == {"ast", "base64", "datetime", "hashlib", "json", "os", "pathlib", "time", "types", "zlib",
                     "IPython", "IPython.display"}, "nothing that could reach another machine"  # fmt: skip


def test_the_same_code_again_is_no_new_try(says):
    says("To check the same code again is no new try.", page="teaching")
    file = checking.ResultFile(None, "")
    tried = [("a = 1", False), ("a = 1  \n", False), ("a = 1", True), ("a = 2", True), ("", True), ("", True)]
    assert [file.tried("t", passed, code) for code, passed in tried] == [1, 1, 2, 3, 4, 5]


def test_a_task_s_code_is_the_last_cell_that_binds_its_names(monkeypatch):
    ran = ["twins = 1", "twins, strangers = 1, 2", "%matplotlib inline", "twins = strangers = 3", "twins", "check(x)"]
    shell = types.SimpleNamespace(history_manager=types.SimpleNamespace(input_hist_raw=ran))
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    monkeypatch.setattr(checking, "tasks", {"pairs": {"names": ["twins", "strangers"]}, "f": {"names": ["f"]}})
    assert checking.code_of("pairs") == "twins = strangers = 3" and checking.code_of("f") == ""
    ran += ["def f(x):\n    g = 1\n    return x", "def g(f): pass"]
    assert checking.code_of("f") == ran[-2] and checking.code_of("unknown") == ""


@pytest.mark.parametrize("name", labs.names())
def test_a_lab_to_take_along_opens_its_hints_itself(name, tmp_path, says):
    says(
        'the cell `hint("softmax", 0)` shows as many of them as its number says.',
        "A check calls `check(problem, softmax)` with the names that the task is to bind",
        page="contributing",
    )
    ran = tmp_path / "lab.ipynb"
    nbformat.write(whole := labs.notebook(name), ran)
    text = handout.download(name, "", ran=ran)
    cells = nbformat.reads(text, 4).cells
    [first] = [cell.source for cell in cells if "setup" in cell.metadata]
    assert re.search(f'^LAB = "{name}"$', first, re.M)
    tasks = json.loads(zlib.decompress(base64.b85decode(json.loads(re.search('^TASKS = (".+")$', first, re.M)[1]))))
    written = {c.metadata["hints"]: c.metadata["folded"] for c in whole.cells if "hints" in c.metadata}
    order = [(c.metadata.get("check"), c.metadata.get("hint")) for c in cells if {"check", "hint"} & c.metadata.keys()]
    assert order == [pair for task in written for pair in ((task, None), (None, task))]
    for task, folded in written.items():
        assert len(tasks[task]["hints"]) == 3
        for hint, fold in zip(tasks[task]["hints"], folded):
            assert "](../" not in hint and re.sub(r"[^`]*$", "", hint)[:40] in fold
            assert json.dumps(hint)[1:40] not in text, "nobody reads ahead by chance"
        [cell] = [cell for cell in cells if cell.metadata.get("hint") == task]
        assert cell.source.startswith(f'hint("{task}", 0)  # stuck?')


@pytest.mark.parametrize("name", labs.names())
def test_a_lab_leaves_the_names_of_its_first_cell_alone(name, monkeypatch):
    """And only the cell of a task binds all of its names, so that its code can be found."""
    cells = [c for c in labs.notebook(name, solved=True).cells if c.cell_type == "code"]
    mine = {one.name for one in ast.parse((ROOT / "scripts/labs/checking.py").read_text("utf-8")).body
            if isinstance(one, ast.FunctionDef | ast.ClassDef)}  # fmt: skip
    mine |= {"tasks", "beside", "result_file", "started_seconds", "time", "types", "student"}
    names = {c.metadata["check"]: labs.bound(c.source) for c in cells if "check" in c.metadata}
    monkeypatch.setattr(checking, "tasks", {task: {"names": of} for task, of in names.items()})
    for cell in cells:
        shell = types.SimpleNamespace(history_manager=types.SimpleNamespace(input_hist_raw=[cell.source]))
        monkeypatch.setattr(IPython, "get_ipython", lambda shell=shell: shell)
        of = [task for task in names if checking.code_of(task)]
        assert of == [cell.metadata["task"]] if "task" in cell.metadata else of == [], cell.source
        if "setup" in cell.metadata or cell.source.startswith("student = "):
            continue
        bound = {one.id for one in ast.walk(ast.parse(re.sub("^[%!].*$", "", cell.source, flags=re.M)))
                 if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}  # fmt: skip
        assert not bound & mine, cell.source


def test_a_check_without_its_names_is_named(tmp_path):
    (tmp_path / "docs" / "labs").mkdir(parents=True)
    labs.written(tmp_path, "trial").write_text(LAB.replace("check(problem, double)", "check(problem, double(2))"), "utf-8")
    with pytest.raises(labs.LabError, match="the check double needs one call"):
        labs.notebook("trial", root=tmp_path)
