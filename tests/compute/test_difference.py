"""The report on two builds: what it names, and what it leaves out."""

import json

import pytest

from scripts.base.files import put
from scripts.compute import difference, runner
from scripts.compute.book import Outcome, asdict


@pytest.fixture
def build(tmp_path):
    """build("old", x=...) → a book whose snippets have left these outcomes."""

    def make(folder: str, **snippets) -> runner.Book:
        book = runner.Book(tmp_path / folder)
        for name, (text, values, *more) in snippets.items():
            source = b"import time" if "run_seconds" in values else b"print()"
            source = b"print(torch.__version__)" if "version" in values else source
            put(book.snippets_dir / "a" / f"{name}.py", source)
            left = Outcome("stamp of " + folder, values, error=(more or [None])[0])
            put(book.output(f"a/{name}", "txt"), text.encode())
            put(book.output(f"a/{name}", "json"), json.dumps(asdict(left)).encode())
        return book

    return make


def test_nothing_but_times(build):
    old = build("old", x=("1\n", {"one": 1}), t=("2.0 s\n", {"run_seconds": 2.0}))
    new = build("new", x=("1\n", {"one": 1}), t=("3.0 s\n", {"run_seconds": 3.0}))
    report = difference.compare(old, new)
    assert report.same and report.timed == ["a/t"]
    assert "Nothing but times" in difference.markdown(report, 2)


def test_programs_that_tell_versions_should_differ(build):
    old = build("old", v=("5.23.0\n", {"version": "5.23.0"}), x=("1\n", {}))
    new = build("new", v=("5.24.0\n", {"version": "5.24.0"}), x=("1\n", {}))
    report = difference.compare(old, new)
    assert report.same and report.timed == ["a/v"]


def test_labs_are_compared_by_what_their_cells_show(build):
    old, new = build("old", x=("1\n", {})), build("new", x=("1\n", {}))

    def lab(book, printed: str, drawn: str) -> None:
        shown = [{"data": {"image/png": drawn, "text/plain": "<Figure>"}}]
        cells = [[], [{"text": printed}, *shown], [{"data": {"text/plain": "3\n"}}]]
        put(book.root / ".cache" / "labs" / "one.json", json.dumps({"outputs": cells}).encode())

    lab(old, "1\n2\n", "aa")
    lab(new, "1\n2\n", "aa")
    assert difference.compare(old, new).same
    lab(new, "1\n5\n", "bb")
    report = difference.compare(old, new)
    assert "-2\n+5" in report.texts["labs/one"] and report.figures == ["labs/one"]
    assert difference.compare(old, new, ["a/x"]).same, "snippets were asked for"


def test_what_differs_is_shown(build):
    old = build("old", x=("1\n2\n", {"one": 1, "kept": 3}), f=("", {}), gone=("", {}))
    new = build("new", x=("1\n5\n", {"one": 2, "kept": 3}), f=("", {}, "a.py, line 2: No"))
    put(new.output("a/x", "svg"), b"<svg>")
    report = difference.compare(old, new)
    assert not report.same
    assert report.values == {"a/x": ["`one`: 1 → 2"]}
    assert report.fails == {"a/f": "a.py, line 2: No"}
    assert report.figures == ["a/x"] and report.missing == ["a/gone"]
    said = difference.markdown(report, 3)
    assert "-2\n+5" in said and "kept" not in said and "line 2: No" in said


def test_another_position_of_a_slider_is_another_figure(build):
    old, new = build("old", x=("1\n", {})), build("new", x=("1\n", {}))
    assert difference.compare(old, new).same
    for book, svg in (old, "<svg>"), (new, "<svg/>"):
        left = book.outcome("a/x")
        left.slider = {"positions": [{"at": "1", "svg": svg}]}
        put(book.output("a/x", "json"), json.dumps(asdict(left)).encode())
    assert difference.compare(old, new).figures == ["a/x"]


def test_a_long_difference_is_cut_and_says_so():
    lines = [str(number) for number in range(difference.SHOWN)]
    said = difference.unified([], lines).splitlines()
    assert len(said) == difference.SHOWN + 1 and said[-1] == "… and 3 more", "of the heading, three lines"
    assert difference.unified([], lines[:-3]).endswith(f"+{lines[-4]}")


def test_the_command(build, capsys):
    old, new = build("old", x=("1\n", {})), build("new", x=("2\n", {}))
    assert difference.main([str(old.root), str(new.root)], standalone_mode=False) == 1
    assert difference.main([str(old.root), str(old.root)], standalone_mode=False) == 0
    assert difference.main([str(old.root), str(old.root / "nowhere")], standalone_mode=False) == 2
    assert "run python -m scripts run there" in capsys.readouterr().err
