"""What readers run with the newest libraries: the report names what they get instead."""

import json
import re
import sys
from pathlib import Path

import pytest
from tiny_lab import TASK

from scripts import __main__ as door
from scripts.base import ROOT
from scripts.base.files import put
from scripts.compute import runner
from scripts.measure import newest

PYTHON = Path(sys.executable)


@pytest.fixture
def small(tmp_path):
    """small(x=(source, text shown)) → a book whose page shows that text for the program x."""

    def make(**programs) -> runner.Book:
        made = runner.Book(tmp_path / "book")
        for name, (source, shown) in programs.items():
            put(made.snippets_dir / "a" / f"{name}.py", source.encode())
            put(made.output(f"a/{name}", "txt"), shown.encode())
        return made

    return make


def test_the_command_is_the_page_s_without_its_versions(tmp_path):
    assert newest.command() == ["transformers", "torch"]
    page = tmp_path / "docs" / "hugging_face.md"
    put(page, b"Type:\n\n```text\npip install one==2.0 two\n```\n")
    assert newest.command(tmp_path) == ["one", "two"]
    put(page, b"Nothing to type.\n")
    with pytest.raises(newest.NewestError, match="gives no `pip install"):
        newest.command(tmp_path)


def test_every_package_is_asked_for():
    asked = newest.pins()
    assert {"torch", "transformers", "mkdocs-material"} <= asked.keys()
    assert len(asked) == (ROOT / "requirements.txt").read_text("utf-8").count("==")


def test_what_a_program_prints_when_it_is_pasted(small):
    warns = "import warnings\nwarnings.warn('`old` is deprecated', FutureWarning)\nprint(1)"
    made = small(
        same=("print('ó → 1')", "ó → 1\n"),
        other=("print(1)\nprint(2)", "1\n5\n"),
        stops=("print(1)\nraise TypeError('no cache')", "1\n"),
        warns=(warns, "1\n"),
        again=(warns, "1\n"),
        timed=("import time\nprint(time.time())", "0.1\n"),
        versions=("import sys as m\nm.__version__ = '2'\nprint(m.__version__)", "1\n"),
    )
    lines = newest.pasted(PYTHON, made, made, made.names(), jobs=2)
    said = {re.search(r"`a/(\w+)`", line)[1]: line for line in lines}
    assert set(said) == {"other", "stops", "again"}
    assert "-5\n+2" in said["other"]
    assert said["stops"] == "`a/stops` stops: TypeError: no cache"
    assert said["again"].startswith("`a/again`, `a/warns` warn: ")
    assert "`old` is deprecated" in said["again"]


def test_a_pasted_program_sees_nothing_of_the_runner(small, monkeypatch):
    monkeypatch.setenv("TRANSFORMERS_VERBOSITY", "error")  # would hide what the library tells
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    names = ("TRANSFORMERS_VERBOSITY", "PYTHONWARNINGS", "MPLBACKEND")
    source = f"import os\nprint(*(os.environ.get(name) for name in {names}))"
    made = small(x=(source, "None None Agg\n"))
    assert newest.pasted(PYTHON, made, made, ["a/x"], jobs=1) == []


LAB = '''# ---
# description: A trial of what a lab is made of.
# ---

# %% [markdown]
# # Lab: Trial

# %% setup=""

''' + TASK + '''
# %% [markdown] hints="double"
# Add it.
#
# ---
#
# Or multiply.

# %% alt="A line that rises from zero to one."
import matplotlib.pyplot as plt
plt.plot([0, 1])
plt.show()
'''


def test_a_lab_alone(tmp_path):
    """In an empty folder, with its own first cell, which unpacks the scripts for the models."""
    for name in ("scripts", "snippets"):
        (tmp_path / "book" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "book" / name).symlink_to(ROOT / name)
    (tmp_path / "book" / "models").mkdir()
    source = tmp_path / "book" / "docs" / "labs" / "trial.py"

    def alone(text: str) -> list[str]:
        put(source, text.encode())
        (tmp_path / "empty").mkdir(exist_ok=True)
        return newest.alone(PYTHON, tmp_path / "book", "trial", tmp_path / "empty")

    assert alone(LAB) == []
    assert (tmp_path / "empty" / "executable-transformer" / "snippets" / "models.toml").exists()
    wrong = LAB.replace("2 * x", "3 * x").replace("plt.show()", "plt.close()")
    wrong_answer, blank = alone(wrong)
    assert "the lab `trial`" in wrong_answer and "✗ Twice three is not " in wrong_answer
    assert "plt" in blank and "draws nothing" in blank
    (stops, *_) = alone(LAB.replace("import matplotlib", "import matplotlip"))
    assert "ModuleNotFoundError" in stops


def test_it_is_refused_before_anything_is_installed(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(newest, "environment", None)  # calling it would be an error
    report = tmp_path / "report.md"
    inside = str(ROOT / "newest")
    assert newest.main(["--into", inside, "--report", str(report)], standalone_mode=False) == 2
    assert "is inside the book" in report.read_text("utf-8")
    assert newest.main(["--into", str(tmp_path), "nowhere"], standalone_mode=False) == 2
    assert "there is no snippet or chapter nowhere" in capsys.readouterr().out
    assert door.main(["newest", "--parts", "labs,something"]) == 2
    assert "there is no part something" in capsys.readouterr().err


def test_reports_of_several_systems_become_one(tmp_path, capsys):
    assert newest.main(["--join", str(tmp_path)], standalone_mode=False) == 2
    put(tmp_path / "newest-one" / "report.md", f"# On one\n\n{newest.FINE}\n".encode())
    assert newest.main(["--join", str(tmp_path)], standalone_mode=False) == 0
    long = f"# On two\n\n{newest.OTHER}\n" + "x" * 2 * newest.LENGTH
    put(tmp_path / "newest-two" / "report.md", long.encode())
    capsys.readouterr()
    assert newest.main(["--join", str(tmp_path)], standalone_mode=False) == 1
    said = capsys.readouterr().out
    assert "# On one" in said and "# On two" in said and "cut off" in said
    assert len(said) < newest.LENGTH + 1000


def test_the_weekly_job_runs_it_on_each_system():
    job = (ROOT / ".github" / "workflows" / "newest.yml").read_text("utf-8")
    for word in ("ubuntu-latest", "macos-latest", "windows-latest", "scripts newest --join"):
        assert word in job
    assert re.search(r"scripts newest --parts \S+ --into \S+ --report", job)
    for verb in re.findall(r"python3? -m scripts ([\w-]+)", job):
        assert verb in door.VERBS, verb


def test_each_command_on_a_page_names_its_versions():
    """In the pages and in the README: from a list of versions, or with values of the build."""
    found = []
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for line in re.findall(r"pip install ([^`&\n]+)", path.read_text("utf-8")):
            found.append(line)
            packages = [x for x in re.sub(r"\{\{.*?\}\}", "x", line).split() if x[0] != "-"]
            if "requirements" not in line:
                assert all(re.search(r"==.", x) for x in packages), (path.name, line)
    assert len(found) >= 4


def test_the_versions_on_the_page_are_the_pinned_ones(values):
    page = (ROOT / "docs" / "hugging_face.md").read_text("utf-8")
    named = dict(re.findall(r"([\w-]+)==\{\{ hugging_face/versions\.(\w+) \}\}", page))
    assert named.keys() == set(newest.command())
    found = values("hugging_face/versions")
    for package, value in named.items():
        assert getattr(found, value) == newest.pins()[package]


def test_the_first_cell_of_a_lab_names_its_versions():
    from scripts.labs import source as labs

    for name in labs.names():
        cells = labs.notebook(name).cells
        [cell] = [cell.source for cell in cells if "setup" in cell.metadata]
        listed = json.loads(re.search(r"^LIBRARIES = (.*)$", cell, re.M)[1])
        assert dict(pin.split("==") for pin in listed) == {
            package: newest.pins()[package] for package in labs.LIBRARIES
        }
