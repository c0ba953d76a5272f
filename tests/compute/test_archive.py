"""Outputs in one file: they come back whole, where they fit, and nothing else comes with them."""

import json
import shutil
import zipfile

import pytest

from scripts.compute import archive, runner
from scripts.compute.book import Book

ONE = '"""One."""\nimport matplotlib.pyplot as plt\n\ncount = 3\nprint(count)\nplt.plot([1, 2])\n'
TWO = '"""Two, which prints nothing."""\nsaid = "two"\n'


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A folder with two snippets that have run."""
    root = tmp_path_factory.mktemp("ran")
    for name, text in (("one", ONE), ("two", TWO)):
        path = root / "snippets" / "topic" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    assert runner.run(Book(root), say=lambda line: None) == {}
    archive.save(root, root / "outputs.zip")
    return root


@pytest.fixture
def fresh(ran, tmp_path):
    """The same snippets where none has run, and the file with the outputs."""
    shutil.copytree(ran / "snippets", tmp_path / "snippets")
    return tmp_path, ran / "outputs.zip"


def changed(file, into, **members: bytes):
    """A copy of an archive with members changed or added; "/" and "." are "__" and "_"."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(into, "w") as new:
        more = {name.replace("__", "/").replace("_dot_", "."): data for name, data in members.items()}
        for one in old.namelist():
            new.writestr(one, more.pop(one, old.read(one)))
        for name, data in more.items():
            new.writestr(name, data)
    return into


def test_loaded_outputs_are_what_was_recorded_and_nothing_is_run(ran, fresh, says):
    says("so that a class need not compute it again.", page="contributing")
    root, file = fresh
    assert archive.load(root, file) == (["topic/one", "topic/two"], [])
    book, before = Book(root), Book(ran)
    for name in book.names():
        assert book.recorded(name) and not book.stale(name)
        assert book.outcome(name) == before.outcome(name)
        assert book.took(name) == before.took(name)
        assert book.output(name, "txt").read_bytes() == before.output(name, "txt").read_bytes()
    assert book.figure("topic/one").read_bytes() == before.figure("topic/one").read_bytes()
    assert archive.load(root, file) == ([], []), "what is there stays"


def test_the_same_outputs_are_the_same_bytes(ran, tmp_path):
    archive.save(ran, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == (ran / "outputs.zip").read_bytes()


def test_outputs_of_another_program_are_not_used(fresh, says):
    says("takes from such a file what fits the programs as they are", page="contributing")
    root, file = fresh
    (root / "snippets" / "topic" / "two.py").write_text(TWO.replace('"two"', '"three"'), "utf-8")
    assert archive.load(root, file) == (["topic/one"], ["topic/two"])
    assert not Book(root).output("topic/two", "txt").exists()


def test_changed_outputs_are_not_used(fresh):
    root, file = fresh
    other = changed(file, root / "other.zip", snippets__topic__one_dot_txt=b"4\n")
    assert archive.load(root, other) == (["topic/two"], ["topic/one"])


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("snippets__topic__one_dot_py", b"", "no output of a snippet or lab"),
        ("____dot__dot____etc", b"", "no output of a snippet or lab"),
        ("snippets__topic__one_dot_json", b"[]", "no outcome"),
        ("snippets__topic__one_dot_json", b"\xff", "no outcome"),
        ("snippets__topic__one_dot_svg", b"<svg><script>1</script></svg>", "a drawing with a script"),
        ("snippets__topic__one_dot_svg", b'<svg onload="x()"></svg>', "a drawing with a script"),
        ("snippets__topic__one_dot_svg", b'<image href="//a/b.png"/>', "a file from elsewhere"),
        ("snippets__topic__one_dot_json", b'{"slider": {"positions": [{"svg": "<svg onload=\\"x()\\">"}]}}',
         "a drawing with a script"),
        ("labs__topic_dot_json", b'{"outputs": [[{"data": {"text/html": ""}}]]}', "active outputs"),
        ("snippets__topic__one_dot_txt", b"1" * 5_000_001, "no output of a snippet or lab"),
    ],
)
def test_what_is_no_output_is_refused_and_nothing_is_taken(fresh, name, data, why):
    root, file = fresh
    other = changed(file, root / "other.zip", **{name: data})
    with pytest.raises(archive.ArchiveError, match=why):
        archive.load(root, other)
    assert not (root / ".cache").exists()


def test_what_is_no_archive_is_refused_in_one_sentence(fresh):
    root, file = fresh
    (root / "cut.zip").write_bytes(file.read_bytes()[:500])
    with pytest.raises(archive.ArchiveError, match="cut.zip is damaged or no archive"):
        archive.load(root, root / "cut.zip")
    with pytest.raises(archive.ArchiveError, match="cannot be read: No such file"):
        archive.load(root, root / "none.zip")
    with pytest.raises(archive.ArchiveError, match="there are no outputs to save"):
        archive.save(root, root / "empty.zip")


def test_the_versions_that_they_were_made_with_come_along(ran):
    with zipfile.ZipFile(ran / "outputs.zip") as file:
        told = json.loads(file.read(archive.VERSIONS))
    assert told.keys() >= {"torch", "transformers", "numpy"}
