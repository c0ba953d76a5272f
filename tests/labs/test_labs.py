"""The labs: the student's state runs, the solved one is right, wrong answers are told why."""

import base64
import contextlib
import importlib.util
import io
import json
import math
import re
import subprocess
import sys
import textwrap
import zipfile
import zlib
from html import unescape
from importlib import metadata

import nbformat
import numpy as np
import pytest
from matplotlib import colormaps

from scripts.base import ROOT
from scripts.labs import run
from scripts.labs import source as labs
from scripts.measure import house
from scripts.models.lock import load_lock
from scripts.pages import promises

pytest_plugins = ["browser"]

LABS = labs.names()
TASKS = [
    (name, cell.metadata["task"])
    for name in LABS
    for cell in labs.notebook(name, solved=True).cells
    if "task" in cell.metadata
]
MANY = 3  # typical wrong answers a task, at least


@pytest.fixture(scope="module")
def solved(book):
    """solved(lab) → (its code cells, what stands before each task, all that it printed).

    The cells run here one after the other, as a kernel would run them.
    """
    made = {}

    def solve(name: str):
        if name not in made:
            cells = [c for c in labs.notebook(name, solved=True).cells if c.cell_type == "code"]
            space, before, said = {"__name__": "__main__"}, {}, {}
            with contextlib.chdir(ROOT):
                for cell in cells:
                    if "task" in cell.metadata:
                        before[cell.metadata["task"]] = dict(space)
                    said[cell.id] = _run(cell.source, space)
                    cell.metadata["drew"] = figures
            made[name] = cells, before, said
        return made[name]

    return solve


figures = 0  # that the last cell left open


def _run(source: str, space: dict) -> str:
    """Run one cell; return what it printed. Figures are counted and closed."""
    global figures
    import matplotlib
    import matplotlib.pyplot as plt

    matplotlib.use("Agg")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(re.sub(r"^[%!].*$", "", source, flags=re.M), "<lab>", "exec"), space)
    figures = len(plt.get_fignums())
    plt.close("all")
    return out.getvalue()


def _wrong(name: str) -> dict[str, list[tuple[str, str]]]:
    path = ROOT / "tests" / "labs" / "answers" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"wrong_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.WRONG


@pytest.mark.parametrize("name", LABS)
def test_as_students_get_it(book, name):
    """It ran from top to bottom, every task is open, and the file is a valid notebook."""
    assert run.make() == []
    made = nbformat.read(labs.executed(ROOT, name), 4)
    nbformat.validate(made)
    tasks = [cell for cell in made.cells if "task" in cell.metadata]
    checks = [cell for cell in made.cells if "check" in cell.metadata]
    assert 4 <= len(tasks) <= 8
    for task, check in zip(tasks, checks, strict=True):
        assert "..." in task.source and "solution>" not in task.source
        said = "".join(output.get("text", "") for output in check.outputs)
        assert said.startswith("○ Open"), (task.metadata["task"], said)


@pytest.mark.parametrize("name", LABS)
def test_the_file_to_take_along(book, name):
    assert run.make() == []
    made = nbformat.reads(labs.download(name, "https://book.example/"), 4)
    nbformat.validate(made)
    assert all(not cell.get("outputs") for cell in made.cells)
    text = json.dumps(made)
    assert not re.search(r"torch==[\d.]+\+", text), "a build that pip does not find elsewhere"
    assert "](../" not in text and "https://book.example/" in text
    assert "](../" not in labs.download(name, ""), "without an address there are no links"


@pytest.mark.parametrize("name", LABS)
def test_solved(solved, name):
    """Every check of the solved lab says that it is right."""
    cells, _, said = solved(name)
    for cell in cells:
        if "check" in cell.metadata:
            assert said[cell.id].startswith("✓"), (cell.metadata["check"], said[cell.id])
        assert bool(cell.metadata["drew"]) == bool(labs.told(cell)), "what one sees, and a figure"


def test_the_decoder_lab_pays_for_the_first_word(solved):
    """Its texts begin as in training, so no word is free and none stands where a text begins."""
    source = labs.written(ROOT, "decoder").read_text("utf-8")
    cells, before, said = solved("decoder")
    price = before["mask"]["price"]
    tokens, bits = price("The first thing you need to")
    assert "six words that cost less than 25 bits together? (The first word is not free.)" in source
    assert [token.strip() for token in tokens] == "The first thing you need to".split()
    assert 20 < bits.sum() < 25, "it can be done"
    assert price("Once upon a time, there was")[1].sum() > 25, "the next cell does not do it"
    assert "Can you make the *last* word cost more than thirty?" in source
    assert price("The sun rises in the east and sets in the purple")[1][-1] > 30
    space = before["mask"]
    letter = math.ceil(price(space["letter"])[1].sum().item() / 8)
    assert any(f"the model: {letter} bytes" in text for text in said.values())
    assert letter < 80, "with its first word, and still by far the shortest"
    _, chat = price("a", start="<|im_start|>")
    assert len(chat) == 1, "a chat begins with its own mark"


def test_the_decoder_lab_peeks(solved):
    """It copies some words, also such as were drawn by chance; the last text becomes dearer."""
    source = labs.written(ROOT, "decoder").read_text("utf-8")
    assert "it copies some of what it sees: even of words drawn by chance" in source
    assert "In the last text it loses its way instead" in source
    cells, _, said = solved("decoder")
    (shown,) = [said[c.id] for c in cells if "a blind guess" in said.get(c.id, "")]
    rows = re.findall(r"(the past|all) +([\d.]+) bits, +(\d+) of (\d+) hit", shown)
    bits = [float(row[1]) for row in rows]
    hits = [int(row[2]) for row in rows]
    assert len(rows) == 6
    assert hits[2] == 0 and hits[3] >= 3, "of words drawn by chance"
    assert bits[1] < bits[0] and bits[3] < bits[2] / 2 and bits[5] > bits[4] + 2


@pytest.mark.parametrize(("name", "task"), TASKS)
def test_wrong_answers(solved, name, task):
    """Each typical mistake is told in its own words; the folded answer is not given away."""
    wrong = _wrong(name)[task]
    assert len(wrong) >= MANY
    cells, before, _ = solved(name)
    work = next(c.source for c in cells if c.metadata.get("task") == task)
    check = next(c.source for c in cells if c.metadata.get("check") == task)
    source = next(
        c.source for c in _as_written(name) if c.metadata.get("task") == task
    )
    assert work == labs.answered(source, ...)
    told = set()
    for answer, phrase in wrong:
        space = dict(before[task])
        _run(labs.answered(source, answer), space)
        said = _run(check, space)
        assert said.startswith("✗"), (answer, said)
        assert phrase in said, (answer, said)
        assert len(said.splitlines()[0]) < 300
        told.add(phrase)
    assert len(told) >= min(MANY, len(wrong)), "different mistakes, different sentences"


def _as_written(name: str):
    import jupytext

    return jupytext.read(labs.written(ROOT, name)).cells


def test_every_lab_has_its_wrong_answers():
    there = {p.stem for p in (ROOT / "tests" / "labs" / "answers").glob("*.py")}
    assert there == set(LABS) and len(LABS) >= 5
    for name in LABS:
        assert set(_wrong(name)) == {task for lab, task in TASKS if lab == name}


def contrast(one, other) -> float:
    """Of two colors, three numbers from 0 to 1 each, as WCAG 2 counts it."""
    linear = [np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) for c in (one, other)]
    dark, light = sorted(float(c @ [0.2126, 0.7152, 0.0722]) + 0.05 for c in linear)
    return light / dark


def turned(color):
    """A color of a lab's picture in the dark: see `figure.drawn img` in the book's style."""
    gray = np.array([0.213, 0.715, 0.072])
    return np.clip((2 * gray - np.eye(3)) @ (0.9 - 0.8 * color), 0, 1)


@pytest.mark.parametrize("name", [n for n in LABS if "axes.text(" in labs.written(ROOT, n).read_text("utf-8")])
def test_numbers_are_read_in_every_cell_of_a_map_in_both_schemes(name):
    """Black stands on the strongest cell, whose shade is 1 / pale."""
    text = labs.written(ROOT, name).read_text("utf-8")
    assert text.count("axes.text(") == text.count("vmin=0, vmax=pale") == 1
    assert not re.search(r"axes\.text\(.*color", text)
    (pale,) = re.findall(r"pale = ([\d.]+) \* \w+\.max\(\)", text)
    cell, ink = np.array(colormaps["Blues"](1 / float(pale))[:3]), np.zeros(3)
    assert min(contrast(cell, ink), contrast(turned(cell), turned(ink))) >= 4.5


@pytest.mark.parametrize("name", LABS)
def test_words_and_headings(name):
    """The book's manner of speaking; headings that the table of contents can lead to."""
    cells = [c for c in _as_written(name) if c.cell_type == "markdown"]
    text = re.sub(r"```.*?```|`[^`\n]*`", "", "\n\n".join(c.source for c in cells), flags=re.S)
    bad = r"\b(simply|obviously|powerful|magic(?:al)?|coming soon|colour|neighbour|licence)\b"
    assert not (found := re.search(bad, text, re.I)), found
    raw = "\n\n".join(c.source for c in cells)
    headings = re.findall(r"^(#+) (.*)$", re.sub(r"```.*?```", "", raw, flags=re.S), re.M)
    levels = [len(level) for level, _ in headings]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:]))
    titles = [title for _, title in headings]
    assert len(set(titles)) == len(titles) and not any("`" in t or "$" in t for t in titles)
    assert 20 < len(labs.description(name)) < 160


# ------------------------------------------------------------------------- the machinery

TINY = '''# ---
# description: A trial of what a lab is made of.
# ---

# %% [markdown]
# # Lab: Trial
# See [the encoder](../encoder.md#pooling).

# %% setup=""

# %%
print("ran", {number})

# %% task="double"
def double(x):
    result = ...
    # <solution>
    result = 2 * x
    # </solution>
    return result

# %% check="double"
def problem(double):
    if double(3) != 6:
        return f"Twice three is not {{double(3)}}."
check(problem, double)

# %% [markdown] hints="double"
# Add it.
#
# ---
#
# Or multiply.
'''


@pytest.fixture
def tiny(tmp_path):
    """A book with one small lab: its folder, and a way to write the lab anew."""
    for name in ("scripts", "snippets"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "models").mkdir()
    (tmp_path / "docs" / "labs").mkdir(parents=True)

    def write(text: str = TINY.format(number=1)):
        labs.written(tmp_path, "trial").write_text(text, "utf-8")

    write()
    return tmp_path, write


def test_two_states_from_one_source(tiny):
    folder, _ = tiny
    student, answer = (labs.notebook("trial", solved, folder) for solved in (False, True))
    work = [next(c.source for c in n.cells if "task" in c.metadata) for n in (student, answer)]
    assert work[0] == "def double(x):\n    result = ...\n    return result"
    assert work[1] == "def double(x):\n    result = ...\n    result = 2 * x\n    return result"
    hints = student.cells[-1].source
    assert hints.index("First hint") < hints.index("Second hint") < hints.index("Solution")
    assert "```python\nresult = 2 * x\n```" in hints


def test_what_is_packed_needs_only_what_the_first_cell_installs():
    """Where the book is not, its scripts run with the labs' libraries and what those bring."""
    modules, outside = house.imports(ROOT), set()
    for path in labs.PACKED:
        if path.endswith(".py"):
            names = modules[path[:-3].replace("/", ".").removesuffix(".__init__")]
            outside |= {name.split(".")[0] for name in names}
    outside -= {"scripts", *sys.stdlib_module_names}
    brought, waiting = set(), list(labs.LIBRARIES)
    while waiting:
        if (name := re.sub("[-_.]+", "-", waiting.pop().lower())) not in brought:
            brought.add(name)
            with contextlib.suppress(metadata.PackageNotFoundError):  # for another system
                needs = metadata.requires(name) or []
                waiting += [re.match(r"[\w.-]+", one)[0] for one in needs if "extra ==" not in one]
    packages = metadata.packages_distributions()
    found = {name: {re.sub("[-_.]+", "-", one.lower()) for one in packages[name]} for name in outside}
    assert {"filelock", "numpy"} <= found.keys()
    assert [name for name, of in found.items() if not of & brought] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    # </solution>\n", "", "needs one solution"),
        ("# ---\n#\n# Or", "# Or", "must be two"),
        ('# %% check="double"', "# %%", "needs its check and its hints"),
        ('# %% setup=""', "# %%", "one cell must begin with"),
        ('setup=""', 'setup="no-model"', "names no model of the book: no-model"),
    ],
)
def test_a_bad_lab_is_named(tiny, old, new, said):
    folder, write = tiny
    text = TINY.format(number=1)
    assert old in text
    write(text.replace(old, new))
    with pytest.raises(labs.LabError, match=said):
        labs.notebook("trial", root=folder)


def test_a_model_that_is_not_there_is_told_with_those_that_are(tiny):
    folder, write = tiny
    write(TINY.format(number=1) + """
# %%
from transformers import AutoTokenizer
AutoTokenizer.from_pretrained("models/smollm")
""")
    (problem,) = run.make(folder, say=lambda line: None)
    assert "there is no model models/smollm; did you mean models/smollm2?" in problem
    assert "models/minilm, " in problem and "connection" not in problem


def test_runs_when_the_code_changes_and_only_then(tiny, monkeypatch):
    folder, write = tiny
    lines = []

    def make() -> str:
        lines.clear()
        assert run.make(folder, say=lines.append) == []
        return "\n".join(lines)

    assert "running the lab trial" in make()
    first = labs.executed(folder, "trial").read_bytes()
    assert b"ran 1" in first and "○ Open" in first.decode()
    assert make() == ""
    write(TINY.format(number=1).replace("Add it.", "Add it to itself.").replace("2 * x", "x + x"))
    assert make() == "", "prose, hints and solutions run nothing"
    assert b"Add it to itself." in labs.executed(folder, "trial").read_bytes()
    write(TINY.format(number=1))
    assert make() == "" and labs.executed(folder, "trial").read_bytes() == first
    with monkeypatch.context() as patch:
        patch.setattr(labs, "_packed", lambda root: "other scripts")
        write(TINY.format(number=1) + "\n")
        assert make() == "", "where the book is, no cell runs the scripts that a lab carries"
        assert b"other scripts" in labs.executed(folder, "trial").read_bytes()
    write(TINY.format(number=2))
    assert "running" in make() and b"ran 2" in labs.executed(folder, "trial").read_bytes()
    for kind in (".ipynb", ".json"):
        path = labs.executed(folder, "trial").with_suffix(kind)
        good = path.read_bytes()
        for bad in (good.replace(b"ran 2", b"ran 3"), good[: len(good) // 2], b""):
            path.write_bytes(bad)
            assert ("running" in make()) == (kind == ".json"), "what it showed is kept there"
            assert b"ran 2" in labs.executed(folder, "trial").read_bytes()
            assert kind == ".json" or path.read_bytes() == good
    write(TINY.format(number="1 / 0"))
    (problem,) = run.make(folder, say=lines.append)
    assert "docs/labs/trial.py" in problem and "ZeroDivisionError" in problem
    assert b"ran 2" in labs.executed(folder, "trial").read_bytes(), "the last good one stays"
    for number in (2, 1, 2):
        write(TINY.format(number=number))
        assert make() == "", "an old text is back: what it showed is kept"
        assert f"ran {number}".encode() in labs.executed(folder, "trial").read_bytes()
    words = load_lock()["minilm"]
    for field, reruns in (("about", False), ("note", False), ("sha256", True)):
        with monkeypatch.context() as patch:
            patch.setattr(run, "load_lock", lambda path: {"minilm": words | {field: "other"}})
            made = labs.notebook("trial", root=folder)
            next(c for c in made.cells if "setup" in c.metadata).metadata["setup"] = "minilm"
            stamp = run._stamp(folder, made)
        with monkeypatch.context() as patch:
            patch.setattr(run, "load_lock", lambda path: {"minilm": words})
            assert (stamp != run._stamp(folder, made)) == reruns, field


def test_the_scripts_that_a_lab_carries_are_enough(tmp_path):
    """For the tool that makes the models: nothing that it imports of ours is missing."""
    cell = next(c for c in labs.notebook(LABS[0]).cells if "setup" in c.metadata)
    packed = json.loads(re.search(r'^SCRIPTS = (".*")$', cell.source, re.M)[1])
    unpack = re.search(r"^    packed = .*?extractall\(folder\)$", cell.source, re.M | re.S)[0]
    space = {"base64": base64, "io": io, "zipfile": zipfile, "zlib": zlib}
    exec(textwrap.dedent(unpack), space | {"SCRIPTS": packed, "folder": tmp_path})
    command = [sys.executable, "-m", "scripts", "models", "--list"]
    listed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert listed.returncode == 0, listed.stderr
    assert [line.split()[:2] for line in listed.stdout.splitlines() if " MB " in line] == [
        [name, "missing"] for name, entry in load_lock().items() if "wheel" in entry
    ]


DRAWING = TINY.format(number=1) + """
# %% alt="A line that rises from the left to the right, for a trial."
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.title(plt.rcParams["lines.linewidth"])
import os
print(plt.get_backend(), plt.rcParams["lines.linewidth"], sorted(k for k in os.environ if "MY" in k))

# %% alt_when_right="A second line that rises, drawn where the answer is right."
if double(3) == 6:
    plt.plot([1, 2])
"""


def test_figures_are_there_whatever_surrounds_the_build(tiny, tmp_path, monkeypatch):
    """A variable that snippets run with, or settings of the user, once took all of them."""
    folder, write = tiny
    settings = tmp_path / "mine" / "matplotlibrc"
    settings.parent.mkdir()
    settings.write_text("lines.linewidth: 9\n")
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "mine.py").write_text("import matplotlib; matplotlib.use('Agg')")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("MATPLOTLIBRC", str(settings))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("MY_OWN", "1")
    write(DRAWING)
    assert run.make(folder, say=lambda line: None) == []
    made = nbformat.read(labs.executed(folder, "trial"), 4)
    drawing, waiting = made.cells[-2:]
    assert any("image/png" in output.get("data", {}) for output in drawing.outputs)
    assert re.search(r"inline 1\.5 \[\]", "".join(x.get("text", "") for x in drawing.outputs))
    assert not waiting.outputs, "it draws where the answer is right"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("plt.plot([1, 2])\nplt.title", "plt.title", None),
        ("plt.plot([1, 2])\nplt.title", "0\n#", "promises a figure, alt=…, and leaves none"),
        ('alt="A line that', 'alt="A', None),
        ('# %% alt="A line that rises from the left to the right, for a trial."', "# %%", "draws: tell"),
    ],
)
def test_a_figure_that_is_promised_and_missing_is_named(tiny, old, new, said):
    folder, write = tiny
    assert old in DRAWING
    write(DRAWING.replace(old, new, 1))
    problems = run.make(folder, say=lambda line: None)
    assert len(problems) == (said is not None)
    if said:
        assert problems[0].startswith("docs/labs/trial.py, the cell that begins with “import mat")
        assert said in problems[0].replace('"', "")


@pytest.mark.parametrize("name", LABS)
def test_the_page_shows_every_figure_that_the_lab_promises(built, name):
    html = (ROOT / "site" / "labs" / name / "index.html").read_text("utf-8")
    cells = [cell for cell in labs.notebook(name).cells if "alt" in cell.metadata]
    shown = re.findall(r"<img [^>]+>", html)
    told = [unescape(re.search(r' alt="([^"]*)"', image)[1]) for image in shown]
    assert told == [cell.metadata["alt"] for cell in cells] and len(told) >= 2
    for image in shown:
        address = re.search(r' src="([^"]+)"', image)[1]
        data = (ROOT / "site" / "labs" / name / address).resolve().read_bytes()
        assert data.startswith(b"\x89PNG") and len(data) > 5000
    assert promises.broken(ROOT / "site") == []


def test_what_a_site_promises_and_has_not_is_named(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text(
        '<img src="../b.png"><img src="../c.png"><img src="d.svg"><a href="../e.csv">e</a>'
        '<span data-numbers="f/g"></span><img src="data:image/png;base64,x"><a href="../h/">h</a>'
    )
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n cut")
    (tmp_path / "c.png").write_bytes(b"\x89PNG\r\n\x1a\n whole IEND\xaeB`\x82")
    (tmp_path / "a" / "d.svg").write_bytes(b"")
    assert promises.broken(tmp_path) == [
        "a/index.html shows or links to b.png, which is no whole picture",
        "a/index.html shows or links to e.csv, which is not there",
        "a/index.html shows or links to a/d.svg, which is empty",
        "a/index.html has a place for f/g and nothing in it",
    ]
