"""The runner: what is stale, what is kept, and what each kind of failure leaves."""

import contextlib
import importlib.metadata
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from scripts.base import ROOT
from scripts.compute import line, runner


@pytest.fixture
def small(tmp_path):
    """A book of one's own: small("chapter/idea", source) writes a snippet into it."""
    book = runner.Book(tmp_path)

    def write(name: str, source: str) -> runner.Book:
        path = tmp_path / "snippets" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source), "utf-8")
        return book

    write.book = book
    return write


def ran(book, *wanted, **options) -> list[str]:
    """The snippets that a run executed."""
    lines = []
    runner.run(book, wanted, say=lines.append, **options)
    marked = [line.split() for line in lines if line.strip()[0] in "✓✗"]
    return sorted(words[2].rstrip(",") for words in marked)


def error_of(book, name="a/x", **options) -> str:
    return runner.run(book, say=lambda line: None, **options)[name]


def test_keeps_text_figure_and_values(small, says):
    says(
        "Every top-level name that holds a number, a text or a truth value can be quoted on the page.",
        page="contributing",
    )
    book = small("a/x", """
        import matplotlib.pyplot as plt
        import numpy as np
        count, share, name, flag, _hidden = 3, 0.25, "ö", True, 5
        scalar, matrix = np.float32(1.5), np.eye(2)
        import tempfile
        with tempfile.TemporaryDirectory() as scratch:  # no value: another one each time
            print("hello", name)
        plt.plot([1, 2])
    """)
    assert runner.run(book) == {}
    expected = {"count": 3, "share": 0.25, "name": "ö", "flag": True, "scalar": 1.5}
    assert book.outcome("a/x").values == expected
    assert book.output("a/x", "txt").read_text("utf-8") == "hello ö\n"
    svg = book.figure("a/x").read_text("utf-8")
    assert svg.startswith("<svg ") and svg.rstrip().endswith("</svg>")
    assert "<style" not in svg and "<metadata" not in svg


def test_no_figure_leaves_none_and_two_are_refused(small, says):
    says("Draw at most one figure.", page="contributing")
    book = small("a/x", "print(1)")
    runner.run(book)
    assert book.figure("a/x") is None
    small("a/x", "import matplotlib.pyplot as plt\nplt.figure()\nplt.figure()")
    assert error_of(book).startswith("snippets/a/x.py leaves 2 figures open")


def test_a_figure_for_each_position_is_kept_and_sealed(small):
    book = small("a/x", """
        import matplotlib.pyplot as plt
        plt.rcParams["svg.fonttype"] = "none"
        for head in range(3):
            plt.figure(f"head = {head}").add_subplot().set_title(f"what {head} looks at")
    """)
    assert runner.run(book) == {}
    slider = book.outcome("a/x").slider
    assert [one["at"] for one in slider["positions"]] == ["0", "1", "2"] and slider["shown"] == 1
    assert "what 1 looks at" in book.figure("a/x").read_text("utf-8")
    path = book.output("a/x", "json")
    good = path.read_bytes()
    path.write_bytes(good.replace(b"what 2", b"what 3"))
    assert ran(book) == ["a/x"] and path.read_bytes() == good
    small("a/x", "import matplotlib.pyplot as plt\nplt.figure('head = 1')")
    assert error_of(book).startswith("snippets/a/x.py leaves “head = 1” as the only position of a slider")


def test_same_bytes_on_a_second_run(small, says):
    says("What we know to change from run to run on one machine are times", page="how_it_is_made")
    book = small("a/x", "import matplotlib.pyplot as plt\nplt.plot([1, 3])\nx = 1\nprint(x)")
    runner.run(book)
    kinds = ("txt", "svg", "json")
    first = [book.output("a/x", kind).read_bytes() for kind in kinds]
    assert ran(book, force=True) == ["a/x"]
    assert [book.output("a/x", kind).read_bytes() for kind in kinds] == first


def test_runs_only_what_changed(small, says):
    says("Two equal stamps mean that nothing has to run.", "so the build runs only what is stale", page="how_it_is_made")
    small("a/x", "print(1)")
    book = small("a/y", "print(2)")
    assert ran(book) == ["a/x", "a/y"]
    assert ran(book) == []
    small("a/y", "print(3)")
    assert ran(book) == ["a/y"]
    os.utime(book.snippets_dir / "a" / "x.py")  # a new time is no change
    assert ran(book) == []


def test_an_old_text_that_is_back_runs_nothing(small):
    """It leaves what it left: its text, its figure, its values, its time."""
    draws = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nnumber = 1\nprint('drawn')"
    book, left = small("a/x", draws), {}

    def outputs() -> dict:
        paths = {kind: book.output("a/x", kind) for kind in ("txt", "svg", "json", "time")}
        return {kind: path.read_bytes() for kind, path in paths.items() if path.exists()}

    texts = [draws, "import sys\nsys.stdout.buffer.write(b'\\xff')", "number = 3\nprint(number)"]
    for text in texts:
        small("a/x", text)
        assert ran(book) == ["a/x"]
        left[text] = outputs()
    for text in (texts[0], texts[2], texts[1], texts[0]):
        small("a/x", text)
        assert ran(book) == [] and outputs() == left[text] and not book.stale("a/x")
    assert ran(book, "a/x", force=True) == ["a/x"]
    small("a/x", "1 / 0")
    assert ran(book) == ["a/x"]
    small("a/x", draws)
    assert ran(book) == [] and book.outcome("a/x").values == {"number": 1}
    for path in (book.root / ".cache" / "kept" / "a" / "x").iterdir():
        path.write_bytes(path.read_bytes()[:-9])
    small("a/x", texts[2])
    assert ran(book) == ["a/x"] and outputs()["txt"] == b"3\n", "a damaged one is not put back"


def test_only_the_last_outcomes_are_kept(small):
    for number in range(8):
        book = small("a/x", f"print({number})")
        ran(book)
    assert len(list((book.root / ".cache" / "kept" / "a" / "x").iterdir())) == 4
    small("a/x", "print(0)")
    assert ran(book) == ["a/x"]
    small("a/y", "print(0)")
    (book.snippets_dir / "a" / "x.py").unlink()
    ran(book)
    assert not [path for path in (book.root / ".cache" / "kept").rglob("*") if path.is_file()]


def test_a_model_is_trained_again_though_its_text_was_there_before(small):
    train = "from pathlib import Path\nPath('models/trained').mkdir(parents=True, exist_ok=True)\n"
    train += "Path('models/trained/weights').write_text('{}')"
    for number in (1, 2, 1):
        book = small("a/train", train.format(number))
        assert ran(locked(book, "1")) == ["a/train"]
        assert (book.root / "models" / "trained" / "weights").read_text() == str(number)


def test_windows_line_endings_are_no_change(small):
    book = small("a/x", "print(1)\nprint(2)\n")
    ran(book)
    path = book.snippets_dir / "a" / "x.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert ran(book) == []


def test_shared_modules_data_and_style_make_stale(small, says):
    says("A change of something in the list above is not to escape it.", page="how_it_is_made")
    small("a/x", "from snippets import tool\nprint(tool.number)")
    small("a/y", "print(open('snippets/a/words.txt').read())")
    book = small("a/z", "print(0)")
    tool, words = book.snippets_dir / "tool.py", book.snippets_dir / "a" / "words.txt"
    inner = book.snippets_dir / "inner.py"
    inner.write_text("number = 1")
    tool.write_text("from snippets.inner import number")
    words.write_text("one")
    ran(book)
    inner.write_text("number = 2")  # imported by an imported module
    assert ran(runner.Book(book.root)) == ["a/x"]
    words.write_text("two")
    assert ran(runner.Book(book.root)) == ["a/y"]
    (book.snippets_dir / "house.mplstyle").write_text("font.size: 9")
    assert ran(runner.Book(book.root)) == ["a/x", "a/y", "a/z"]


def test_the_scripts_make_stale_what_reads_them(small):
    read = "from pathlib import Path\nprint(len(list(Path('scripts/').rglob('*.py'))))"
    small("a/x", read)
    book = small("a/y", "print(0)")
    inner = book.root / "scripts" / "room" / "inner.py"
    inner.parent.mkdir(parents=True)
    inner.write_text("import os")
    assert ran(book) == ["a/x", "a/y"]
    inner.write_text("import re")
    assert ran(runner.Book(book.root)) == ["a/x"]
    inner.with_name("more.py").write_text("")
    assert ran(runner.Book(book.root)) == ["a/x"]
    assert ran(runner.Book(book.root)) == []


def test_a_new_library_version_makes_stale(small, monkeypatch):
    book = small("a/x", "print(1)")
    ran(book)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "99")
    assert ran(runner.Book(book.root)) == ["a/x"]


def locked(book, version: str) -> runner.Book:
    """The same book with a lock file of two models: one fetched, one trained."""
    fresh = runner.Book(book.root)
    fresh.lock = {"tiny": {"version": version}, "trained": {"snippet": "a/train"}}
    return fresh


def test_a_model_makes_stale_what_loads_it(small):
    small("a/x", "print('models/tiny')")
    book = small("a/y", "print(1)")
    ran(locked(book, "1"))
    assert ran(locked(book, "1")) == []
    assert ran(locked(book, "2")) == ["a/x"]


def test_the_outcome_names_the_models_that_were_opened(small):
    small("a/x", "print('models/tiny')")
    book = small("a/y", "print(open('models/tiny/config.json').read())")
    (book.root / "models" / "tiny").mkdir(parents=True)
    (book.root / "models" / "tiny" / "config.json").write_text("{}")
    book = locked(book, "1")
    ran(book)
    assert book.outcome("a/x").models == [] and book.outcome("a/y").models == ["tiny"]
    small("a/train", """
        from pathlib import Path
        words = open("models/tiny/config.json").read()
        Path("models/trained").mkdir(exist_ok=True)
        Path("models/trained/weights").write_text(words)
    """)
    ran(locked(book, "1"))  # what it made itself, it has not loaded
    assert locked(book, "1").outcome("a/train").models == ["tiny"]


def test_what_needs_a_trained_model_waits_for_it(small):
    train = """
        from pathlib import Path
        import time
        time.sleep(0.5)
        Path("models/trained").mkdir(parents=True, exist_ok=True)
        Path("models/trained/weights").write_text("{}")
    """
    small("a/train", train.format(1))
    book = small("a/apply", "print(open('models/trained/weights').read())")
    assert ran(locked(book, "1")) == ["a/apply", "a/train"]
    assert book.output("a/apply", "txt").read_text() == "1\n"
    # A change of the training reaches what applies the model.
    small("a/train", train.format(2))
    assert ran(locked(book, "1")) == ["a/apply", "a/train"]
    assert book.output("a/apply", "txt").read_text() == "2\n"


def test_snippets_that_wait_for_each_other_are_named(small):
    small("a/train", "print('models/other')")
    book = small("a/x", "print('models/trained')")
    book = locked(book, "1")
    book.lock["other"] = {"snippet": "a/x"}
    with pytest.raises(runner.RunnerError, match="wait for each other"):
        runner.run(book)


def test_a_failure_is_kept_and_not_retried_until_a_change(small):
    small("a/ok", "print(1)")
    book = small("a/x", "def inner():\n    return 1 / 0\n\nprint('before')\ninner()")
    assert error_of(book) == "snippets/a/x.py, line 2: ZeroDivisionError: division by zero"
    text = book.output("a/x", "txt").read_text("utf-8")
    assert "Traceback" in text and "runner.py" not in text
    assert ran(book) == []
    assert ran(book, "a/x") == ["a/x"], "asked for by name, it is tried again"
    small("a/x", "print(2)")
    assert ran(book) == ["a/x"] and book.outcome("a/x").error is None


def test_syntax_error_names_file_and_line(small):
    book = small("a/x", "print(1)\nx = (\n")
    error = error_of(book)
    assert error.startswith("snippets/a/x.py, line 2: SyntaxError")


LOCK = """
[smollm2]
title = "A decoder"
about = "Speaks."
author = "None"
licence = "MIT"
snippet = "a/train"
parameters = 1
"""


NOT_THERE = {  # what a program does → what it asked for, and the nearest
    "AutoTokenizer.from_pretrained('gpt2')": ("gpt2", ""),
    "AutoModel.from_pretrained(Path('models') / 'smollm')": ("models/smollm", "smollm2"),
    "AutoModel.from_pretrained('Me/SmolLM2-135M')": ("Me/SmolLM2-135M", "smollm2"),
    "AutoModel.from_pretrained('models/smollm/2')": ("models/smollm/2", "smollm2"),
    "open('models/smollm/config.json')": ("models/smollm/config.json", "smollm2"),
    "load_file('models/smol/weights.safetensors')": ("models/smol/weights.safetensors", "smollm2"),
}
IMPORTS = """from pathlib import Path
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer
"""


RUN = """
import json, pathlib, sys
from scripts.compute import runner

if __name__ == "__main__":
    book = runner.Book(pathlib.Path(sys.argv[1]))
    print(json.dumps(runner.run(book, say=lambda line: None)))
"""


def test_a_model_that_is_not_there_is_told_with_those_that_are(small):
    """The libraries would say “Check your internet connection”, and not which model it was."""
    for number, load in enumerate(NOT_THERE):
        small(f"a/x{number}", IMPORTS + load)
    book = small("a/y", IMPORTS + "AutoModel.from_pretrained(Path('models') / 'smollm2')")
    small("a/train", "print(1)")
    (book.snippets_dir / "models.toml").write_text(LOCK)
    # In a process of its own: there are so many that its runs share what is imported.
    command = [sys.executable, "-c", RUN, str(book.root)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    errors = json.loads(done.stdout)
    for number, (asked, near) in enumerate(NOT_THERE.values()):
        error = errors[f"a/x{number}"]
        assert error.startswith(f"snippets/a/x{number}.py, line 4: ")
        assert f"there is no model {asked};" in error and "the book has models/smollm2" in error
        assert ("did you mean models/smollm2?" in error) == bool(near)
    assert "`python -m scripts run a/train`" in errors["a/y"]
    for name, error in errors.items():
        text = book.output(name, "txt").read_text("utf-8")
        assert "connection" not in error + text and error.split(": ", 2)[2] in text


def test_an_endless_loop_is_stopped(small):
    book = small("a/x", "while True: pass")
    error = error_of(book, timeout=1)
    assert "did not end within 1.0 s" in error and "endless loop" in error


def test_what_an_endless_loop_printed_is_kept(small):
    book = small("a/x", "number = 0\nwhile True:\n    number += 1\n    print('line', number)")
    error_of(book, timeout=1)
    text = book.output("a/x", "txt").read_text("utf-8")
    assert "did not end" in text and "the end of what it had printed:" in text
    assert re.search(r"line \d+\nline \d+\n", text) and len(text) < 11_000
    book = small("a/x", "print('one')\nwhile True: pass")
    error_of(book, timeout=1)
    assert book.output("a/x", "txt").read_text("utf-8").endswith("what it had printed:\n\none\n")


def test_a_run_whose_program_is_changed_ends_and_the_new_one_is_run(small):
    book, said = small("a/x", "import time\nprint(1)\ntime.sleep(900)"), []

    curing = threading.Timer(2, lambda: small("a/x", "print(2)"))
    curing.start()
    assert runner.run(book, say=said.append) == {}
    curing.join()
    assert book.output("a/x", "txt").read_text() == "2\n"
    assert "  a/x has changed while it ran, and is run anew" in said and not runs(book)


def test_a_run_whose_program_is_removed_ends(small):
    book = small("a/x", "import time\ntime.sleep(900)")
    removing = threading.Timer(2, (book.snippets_dir / "a" / "x.py").unlink)
    removing.start()
    assert runner.run(book, say=lambda line: None) == {} and book.outcome("a/x") is None
    removing.join()


def test_a_model_that_is_gone_takes_nothing_from_the_page(small):
    """What trained it has its outputs still; it is run again by what loads the model."""
    small("a/train", """
        from pathlib import Path
        Path("models/trained").mkdir(parents=True, exist_ok=True)
        Path("models/trained/weights").write_text("whole")
    """)
    book = locked(small("a/apply", "print(open('models/trained/weights').read())"), "1")
    ran(book)
    shutil.rmtree(book.root / "models")
    assert book.recorded("a/train") and book.stale("a/train") and not book.stale("a/apply")
    book.output("a/train", "txt").write_text("damaged")
    assert not book.recorded("a/train")


@pytest.mark.skipif(os.name == "nt", reason="signals are not there")
@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGABRT"])
def test_a_crash_takes_nothing_else_down(small, name):
    small("a/ok", "print(1)")
    book = small("a/x", f"import os, signal\nos.kill(os.getpid(), signal.{name})")
    error = error_of(book)
    assert name in error and "python -m snippets.a.x" in error
    assert ("memory" in error) == (name == "SIGKILL")
    assert book.outcome("a/ok").error is None


def test_no_memory_is_one_sentence(small):
    book = small("a/x", "import torch\ntorch.zeros(10**15)")
    assert error_of(book).startswith("snippets/a/x.py, line 2: RuntimeError")


def test_exit_is_a_failure_with_a_sentence(small):
    book = small("a/x", "import os\nos._exit(3)")
    assert "exit code 3" in error_of(book)


@pytest.mark.skipif(sys.platform != "linux", reason="its C library gives large parts back at once")
def test_memory_is_as_in_a_run_by_hand(small):
    """What fresh pages cost is shown on a page (self_attention/seconds), so no run may save them."""
    book = small("a/x", """
        import resource

        import torch

        pages = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for number in range(30):  # at first, small things take a part of what was freed
            if number == 20:
                before = pages()
            torch.ones(10_000_000).sum()  # 40 MB, freed at once
        new = pages() - before
    """)
    assert runner.run(book) == {}
    assert book.outcome("a/x").values["new"] > 50_000  # of about 100,000 pages; 0 if memory were kept


def test_what_the_parent_keeps_is_not_looked_through_again(tmp_path):
    code = "import gc, scripts.compute.warm; print(gc.get_freeze_count())"
    told = os.environ | {"BOOK_WARM": str(tmp_path), "PYTHONPATH": str(ROOT)}
    made = subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, text=True, check=True)
    assert int(made.stdout) > 100_000


def test_no_state_leaks(small, says):
    says("each has a process of its own, so that it leaves nothing behind in another", page="how_it_is_made")
    small("a/a", "import torch\ntorch.leak = 1\nimport os\nos.environ['LEAK'] = '1'")
    book = small("a/x", "import os, torch\nprint('LEAK' in os.environ, hasattr(torch, 'leak'))")
    runner.run(book, ["a/a"])
    runner.run(book, ["a/x"])
    assert book.output("a/x", "txt").read_text() == "False False\n"


@pytest.mark.parametrize("kind", ["txt", "svg", "json"])
def test_a_damaged_cache_file_is_made_again(small, kind, says):
    says(
        "A second digest, over the outputs themselves, notices when one of their files was damaged.",
        page="how_it_is_made",
    )
    book = small("a/x", "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint(x := 1.25)")
    ran(book)
    path = book.output("a/x", kind)
    good = path.read_bytes()
    for bad in (good.replace(b"1.25", b"1.35", 1), good[: len(good) // 2], b""):
        path.write_bytes(bad)
        assert ran(book) == ["a/x"] * (bad != good)
        assert path.read_bytes() == good
    path.unlink()
    assert ran(book) == ["a/x"] and path.read_bytes() == good


def test_a_damaged_time_is_measured_again(small):
    book = small("a/x", "print(1)")
    ran(book)
    path, took = book.output("a/x", "time"), book.took("a/x")
    assert 0 <= took < 60
    for bad in (b"9" + path.read_bytes(), path.read_bytes()[:3], b""):
        path.write_bytes(bad)
        assert book.took("a/x") is None
        assert ran(book) == ["a/x"] and 0 <= book.took("a/x") < 60
    path.write_text("0.25\n")  # as it was kept before
    assert book.took("a/x") == 0.25 and ran(book) == []


def test_a_damaged_trained_model_is_made_again(small):
    small("a/train", """
        from pathlib import Path
        Path("models/trained").mkdir(parents=True, exist_ok=True)
        Path("models/trained/weights").write_text("whole")
        Path("models/trained/config").write_text("{}")
    """)  # fmt: skip
    book = locked(small("a/apply", "print(open('models/trained/weights').read())"), "1")
    ran(book)
    weights, config = (book.root / "models" / "trained" / name for name in ("weights", "config"))
    weights.write_text("wh")
    assert ran(book) == ["a/train"] and weights.read_text() == "whole"
    weights.write_text("whale")  # as long
    os.utime(weights, (1, 1))
    assert ran(book) == ["a/train"] and weights.read_text() == "whole"
    os.utime(weights, (1, 1))
    assert ran(book) == [], "touched, and what it was"
    config.unlink()
    assert ran(book) == ["a/train"] and config.exists()
    assert ran(book) == []


def test_a_run_leaves_the_environment_as_it_was(small, monkeypatch):
    """What is started later, a kernel of a lab, must not draw as snippets do."""
    monkeypatch.delenv("MPLBACKEND", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    before = dict(os.environ)
    book = small("a/x", "import os\nprint(os.environ['MPLBACKEND'], os.environ['OMP_NUM_THREADS'])")
    assert ran(book) == ["a/x"] and dict(os.environ) == before
    assert book.output("a/x", "txt").read_text("utf-8") == "Agg 1\n"


def test_figures_do_not_take_the_settings_of_this_machines_user(small, tmp_path):
    book = small("a/x", "import matplotlib.pyplot as plt\nprint(plt.rcParams['lines.linewidth'])")
    settings = tmp_path / "mine" / "matplotlibrc"
    settings.parent.mkdir()
    settings.write_text("lines.linewidth: 9\n")
    command = "import sys; from pathlib import Path; from scripts.compute import runner;"
    command += "runner.run(runner.Book(Path(sys.argv[1])))"
    environment = os.environ | {"MATPLOTLIBRC": str(settings)}
    subprocess.run([sys.executable, "-c", command, str(tmp_path)], check=True, env=environment)
    assert book.output("a/x", "txt").read_text("utf-8") == "1.5\n"


EDITS = """
import os, sys
sys.path.insert(0, os.getcwd())
from pathlib import Path
from scripts.compute import line, runner

plots, left = Path("snippets/plots.py"), runner.Book().output("a/x", "txt")
runner.run(runner.Book(), say=lambda line: None)
first, text, when = left.read_text(), plots.read_text(), plots.stat()
import snippets.plots  # what it was compiled to is kept on the disk now
plots.write_text(text.replace('INK = "#1', 'INK = "#2'))
os.utime(plots, ns=(when.st_atime_ns, when.st_mtime_ns))
runner.run(runner.Book(), say=lambda line: None)
print(first, left.read_text())
"""


def test_an_edited_module_is_never_taken_from_memory_or_as_it_was_compiled(tmp_path):
    """The parent of the runs has imported it before, and the edit leaves size and time alone."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=ignore)
    (tmp_path / "snippets" / "a").mkdir(parents=True)
    shutil.copy(ROOT / "snippets" / "plots.py", tmp_path / "snippets")
    (tmp_path / "snippets" / "a" / "x.py").write_text("from snippets import plots\nprint(plots.INK)")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-c", EDITS], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    first, second = done.stdout.split()
    assert first[:2] == "#1" and second == "#2" + first[2:], done.stderr


def test_outputs_of_removed_snippets_go(small):
    small("a/x", "print(1)")
    book = small("a/y", "print(2)")
    ran(book)
    (book.snippets_dir / "a" / "x.py").unlink()
    ran(book)
    assert sorted(p.name for p in book.cache.glob("a/*")) == ["y.json", "y.time", "y.txt"]


def runs(book) -> list[str]:
    """Processes that hold a file of a run open, where the system tells."""
    held = []
    for link in Path("/proc").glob("[0-9]*/fd/1"):
        with contextlib.suppress(OSError):
            held.append(os.readlink(link))
    return [path for path in held if path.startswith(str(book.root))]


def test_interrupted_runs_leave_the_last_good_outputs(small):
    book = small("a/x", "print('good')")
    ran(book)
    small("a/x", "import time\nprint('new', flush=True)\ntime.sleep(900)")
    code = (
        "from pathlib import Path; from scripts.compute import runner;"
        f"runner.run(runner.Book(Path({str(book.root)!r})))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    deadline = time.monotonic() + 600
    while not any(p.stat().st_size for p in book.cache.parent.glob("run/*/*/text")):
        assert time.monotonic() < deadline, "it never started"
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 300  # the run ends with its build, though it would sleep on
    while (running := runs(book)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not running
    assert book.output("a/x", "txt").read_text() == "good\n"
    assert book.stale("a/x")
    small("a/x", "print('next')")
    assert ran(book) == ["a/x"]
    assert book.output("a/x", "txt").read_text() == "next\n"
    assert not (book.cache.parent / "run" / "a" / "x").exists(), "leftovers are swept"


def test_the_estimate_counts_the_labs_and_learns_from_what_is_done(small, monkeypatch):
    """Forty snippets, never timed here, two at a time; a clock that the test turns."""
    for number in range(40):
        book = small(f"a/x{number:02}", "print(1)")
    clock, said = [0.0], []
    monkeypatch.setattr(line.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(line, "Job", lambda *of: None)

    def seconds() -> float:
        about = re.search(r"about (?:(\d+) min )?([\d.]+) s", said[-1])
        return 60 * int(about[1] or 0) + float(about[2])

    def worked_off(each: float, **more) -> dict[int, float]:
        """Seconds that are told to be left: after so many, each of which takes so long."""
        snippets = {name: book.snippet(name) for name in book.names()}
        one = line.Line(book, snippets, lambda name: True, 9, said.append, **more)
        one.begin(2)
        left = {0: seconds()}
        for number, name in enumerate(list(snippets), 1):
            one.start(name, None, None)
            clock[0] += each
            one.done(name, set(), "")
            if number < len(snippets):
                left[number] = seconds()
        return left

    for each in (0.5, 10.0):
        left = worked_off(each)
        assert 0.7 < left[30] / (10 * each / 2) < 1.5
    without, with_labs = worked_off(1.0)[0], worked_off(1.0, later=100)[0]
    assert with_labs == without + 50 and ", then labs, to run" in "".join(said)
    assert not worked_off(1.0).get(40) and "left" not in said[-1]


def test_two_builds_take_turns(small):
    for idea in "xyz":
        book = small(f"a/{idea}", "import time\ntime.sleep(0.3)\nprint(1)")
    code = (
        "from pathlib import Path; from scripts.compute import runner;"
        f"print(runner.run(runner.Book(Path({str(book.root)!r}))))"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True,
                         stdout=subprocess.PIPE) for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate(timeout=300)[0] for process in both]
    assert all(process.returncode == 0 for process in both)
    ran_by = [t.count("✓") - t.count("run by another build") for t in said]
    assert sum(ran_by) == 3, "each snippet ran once"
    assert sum(text.count("run by another build") for text in said) >= 1


def test_unwritable_cache_is_one_sentence(small):
    book = small("a/x", "print(1)")
    book.cache.parent.parent.mkdir(exist_ok=True)
    book.cache.parent.write_text("a file where the folder should be")
    with pytest.raises(runner.RunnerError, match=r"\.cache cannot be written"):
        runner.run(book)


def test_no_room_is_one_sentence_and_keeps_the_last_outputs(small, monkeypatch):
    book = small("a/x", "print(1)")
    ran(book)
    small("a/x", "print(2)")

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runner.Path, "write_bytes", full)
    with pytest.raises(runner.RunnerError, match="No space left on device"):
        runner.run(book, say=lambda line: None)
    assert book.output("a/x", "txt").read_text() == "1\n" and book.stale("a/x")


def test_names_are_suggested(small):
    book = small("decoding/beam", "print(1)")
    with pytest.raises(runner.RunnerError, match="did you mean decoding/beam"):
        runner.run(book, ["decoding/bean"])
    assert ran(book, "decoding") == ["decoding/beam"]


def test_nothing_to_do_imports_no_torch(book):
    code = (
        "import sys; from scripts.compute import runner; runner.run(runner.Book());"
        "print([m for m in ('torch', 'matplotlib', 'mkdocs') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "[]\n", done.stderr
