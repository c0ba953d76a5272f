"""Every snippet runs, is one plain program, and stands alone."""

import ast
import os
import re
import subprocess
import sys

import pytest

from scripts.base import ROOT
from scripts.compute.book import Book

NAMES = Book(ROOT).names()
LONGEST, WIDEST, TOLD = 45, 88, 200  # lines of code, letters a line, letters of a docstring
# Whole models, each one file, imported by the snippets beside them.
WHOLE = {f"from_scratch/{n}" for n in ("encoder", "decoder", "encoder_decoder", "train")}


def test_there_are_snippets():
    assert len(NAMES) >= 30


@pytest.mark.parametrize("name", NAMES)
def test_runs(book, name):
    outcome = book.outcome(name)
    assert outcome and not outcome.error, outcome and outcome.error
    assert outcome.stamp == book.stamp(book.snippet(name)), "its outcome is stale"
    shown = book.output(name, "txt").read_text("utf-8").strip() or book.figure(name)
    assert shown or book.trains(name), "it prints nothing and draws nothing"


@pytest.mark.parametrize("name", NAMES)
def test_is_one_plain_program(name, says):
    says(
        "so there is no `main`, no argument parser, and nothing that saves a file.",
        page="contributing",
    )
    source = (ROOT / "snippets" / f"{name}.py").read_text("utf-8")
    tree = ast.parse(source)
    doc = ast.get_docstring(tree)
    assert doc, "a sentence at the top says what it shows"
    assert len(doc) <= TOLD, f"its docstring has {len(doc)} letters: at most {TOLD}"
    lines = [x for x in source.splitlines() if x.strip() and not x.strip().startswith("#")]
    longest = 150 if name in WHOLE else LONGEST
    assert len(lines) <= longest, f"{len(lines)} lines of code, at most {longest}: split it"
    wide = [n for n, line in enumerate(source.splitlines(), 1) if len(line) > WIDEST]
    assert not wide, f"lines {wide} have more than {WIDEST} letters"
    forbidden = r"savefig|plt\.show|style\.use|argparse|http"
    forbidden += "" if name.startswith("how_it_is_made/") else r"|scripts\b"
    forbidden += "" if name in WHOLE else "|__main__"
    assert not (bad := re.search(forbidden, source)), f"no {bad and bad[0]} in a snippet"


# A line of an output that a laptop shows whole, beside the list of sections: in the page, in a list,
# and beside the words in which a reader has predicted it. Measured in Chromium, 1,366 pixels wide.
SHOWN, SHOWN_IN_A_LIST, SHOWN_BESIDE = 92, 89, 52
# The program makes what a model is trained on, so a change of its last line would train that again.
WIDER = {"encoder_uses/found_sentences"}


def test_what_is_printed_fits_a_laptop(book, says):
    says(
        "A line that it prints has at most 92 letters, in a list 89, and 52 where a reader predicts it: so much a laptop shows.",
        page="contributing",
    )
    wide = []
    for page in sorted((ROOT / "docs").glob("*.md")):
        shown = re.findall(r'^( *)```text\n +?--8<-- "([\w/]+)\.txt"|^```text\n--8<-- "([\w/]+)\.txt"',
                           page.read_text("utf-8"), re.M)  # fmt: skip
        for indent, in_list, alone in shown:
            name = in_list or alone
            most = SHOWN_BESIDE if name.endswith("/predict") else SHOWN_IN_A_LIST if indent else SHOWN
            lines = book.output(name, "txt").read_text("utf-8").splitlines()
            wide += [f"{name}: {line}" for line in lines if len(line) > most and name not in WIDER]
    assert not wide, "\n".join(wide)


def test_contributors_are_told_the_rules(says):
    page = (ROOT / "docs" / "contributing.md").read_text("utf-8")
    assert f"at most {LONGEST} lines of code, none longer than {WIDEST} letters" in page
    assert f"at most {TOLD} letters" in page
    assert f"has at most {SHOWN} letters, in a list {SHOWN_IN_A_LIST}, and {SHOWN_BESIDE} where" in page
    says(
        "A snippet has at most 45 lines of code, none longer than 88 letters, and a docstring of one sentence "
        "with at most 200 letters.",
        page="contributing",
    )


def by_hand(*arguments, **settings) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snippets", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("name", "draws"),
    [
        ("self_attention/scaling", 5),  # imports nothing of ours, and draws for a slider
        ("cross_attention/by_hand", 1),  # imports from `snippets`, and draws
        ("cross_attention/answer_pronoun", 0),  # imports what several share, and loads a model
    ],
)
def test_runs_by_hand_as_readers_are_told(printed, says, tmp_path, name, draws):
    """By its file, with what it prints in the book, and its figure shown."""
    says(
        "To run one program alone, name its file. A figure opens in a window of its own:",
        page="index",
    )
    (tmp_path / "window.py").write_text(
        "from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas\n"
        "from matplotlib import pyplot\n"
        "def show(*_, **__): print('shown', len(pyplot.get_fignums()))\n"
    )
    place = {"MPLBACKEND": "module://window", "PYTHONPATH": str(tmp_path)}
    done = by_hand(f"snippets/{name}.py", **place)
    assert done.returncode == 0, done.stderr
    assert done.stdout == printed(name) + f"shown {draws}\n" * (draws > 0)


def test_a_program_that_is_not_there_is_named_with_the_nearest():
    done = by_hand("self_attention/scalin")
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "no snippets/self_attention/scalin.py" in done.stderr
    assert "self_attention/scaling" in done.stderr
    done = by_hand()
    assert done.returncode == 1 and "python -m snippets " in done.stderr


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_readers_are_told_how_to_run_one(page):
    text = (ROOT / page).read_text("utf-8")
    assert re.search(r"python -m snippets (?:snippets/)?\w+/\w+", text)


def test_runs_alone_too():
    command = [sys.executable, "-m", "snippets.self_attention.scaling"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "spread" in done.stdout
