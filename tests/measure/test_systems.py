"""The book on a system, and by another generator: what fails or differs is named."""

import sys
from pathlib import Path

import pytest
import yaml

from scripts.base import ROOT
from scripts.base.files import put
from scripts.measure import newest, systems
from scripts.measure.browsers import chromium

PYTHON = Path(sys.executable)
SITE = "\n".join(
    [
        "import pathlib, sys",
        "site = pathlib.Path(sys.argv[sys.argv.index('--site-dir') + 1], 'one')",
        "site.mkdir(parents=True)",
        "site.joinpath('index.html').write_text('<meta name=\"generator\" content=\"{name}\"><p>{text}</p>')",
    ]
)


@pytest.fixture
def programs(tmp_path):
    """programs(mkdocs="…") → a folder in which `python -m mkdocs` runs that text."""

    def write(**texts: str) -> Path:
        for name, text in texts.items():
            put(tmp_path / "book" / name / "__init__.py", b"")
            put(tmp_path / "book" / name / "__main__.py", text.encode())
        return tmp_path / "book"

    return write


def test_a_build_that_fails_is_told_by_its_warnings(programs):
    root = programs(mkdocs="print('INFO x')\nprint('WARNING - a page is wrong')\nraise SystemExit(1)", pytest="")
    assert systems.site(PYTHON, root) == ["`mkdocs build --strict`: WARNING - a page is wrong"]
    root = programs(mkdocs="import sys\nassert sys.argv[1:] == ['build', '--strict']", pytest="print(1)")
    assert systems.site(PYTHON, root) == []


def test_tests_that_fail_are_named_and_a_file_that_cannot_be_read_hides_no_other(programs):
    failing = "import sys\nprint('FAILED tests/a.py::b - no')\nprint('ERROR tests/c.py')\nsys.exit(1)"
    root = programs(mkdocs="raise SystemExit('ERROR - no')", pytest=failing)
    assert systems.site(PYTHON, root) == [
        "`mkdocs build --strict`: ERROR - no", "`pytest`: FAILED tests/a.py::b - no", "`pytest`: ERROR tests/c.py",
    ]  # fmt: skip
    asked = "import sys\nassert '--continue-on-collection-errors' in sys.argv"
    assert systems.site(PYTHON, programs(mkdocs="", pytest=asked)) == []
    assert systems.site(PYTHON, programs(pytest="raise SystemExit('no tests at all')")) == ["`pytest`: no tests at all"]


def test_the_other_generator_makes_the_same_site_but_for_one_tag(programs, tmp_path, says):
    says("and names each file in which more differs than the tag of the generator.", page="how_it_is_made")
    made = {name: SITE.format(name=name, text="x") for name in ("mkdocs", "properdocs")}
    root = programs(pip="", **made)
    assert systems.generators(PYTHON, root, tmp_path) == []
    programs(properdocs=SITE.format(name="properdocs", text="y"))
    assert systems.generators(PYTHON, root, tmp_path) == ["`one/index.html` differs"]
    programs(properdocs=made["properdocs"] + "\n(site / 'more').touch()")
    assert systems.generators(PYTHON, root, tmp_path) == ["`one/more` is in the site of properdocs alone"]
    programs(properdocs="raise SystemExit('ERROR - it reads no hooks')")
    assert systems.generators(PYTHON, root, tmp_path) == ["`properdocs build --strict`: ERROR - it reads no hooks"]
    programs(pip="raise SystemExit('there is none')")
    assert systems.generators(PYTHON, root, tmp_path) == ["`pip install properdocs` fails: there is none"]


def test_its_own_versions_need_no_environment(monkeypatch, tmp_path):
    monkeypatch.setattr(newest, "environment", None)  # calling it would be an error
    monkeypatch.setattr(newest.runner, "choose", lambda book, names: [])
    monkeypatch.setattr(systems, "site", lambda python, root: [f"`pytest`: FAILED in {root}"])
    told, fine = newest.look(tmp_path / "book", tmp_path / "into", [], ("own",), print)
    assert not fine
    assert told == f"## The book with its own versions\n\n- `pytest`: FAILED in {tmp_path / 'book'}"


def test_chrome_is_found_where_no_path_leads(monkeypatch, tmp_path):
    monkeypatch.setattr(chromium.shutil, "which", lambda name: None)
    monkeypatch.setattr(chromium, "PLACES", (str(tmp_path / "none"), str(tmp_path / "chrome")))
    assert chromium.installed() is None and "install it" in chromium.missing()
    put(tmp_path / "chrome", b"")
    assert (chromium.installed(), chromium.missing()) == (str(tmp_path / "chrome"), "")


def test_each_system_runs_all_tests_and_is_compared_with_the_published_book(says):
    says("With its own versions it is tested once a week on macOS and Windows", page="how_it_is_made")
    whole = yaml.safe_load((ROOT / ".github" / "workflows" / "newest.yml").read_text("utf-8"))
    job = whole["jobs"]["systems"]
    assert {"macos-latest", "windows-latest"} == set(job["strategy"]["matrix"]["system"])
    assert job["strategy"]["fail-fast"] is False and "systems" in whole["jobs"]["tell"]["needs"]
    runs = "\n".join(one.get("run", "") for one in job["steps"])
    assert "scripts review HEAD" in runs and "scripts newest --parts own --report report.md" in runs
    kept = [one["with"] for one in job["steps"] if "upload-artifact@" in one.get("uses", "")]
    assert kept[0]["name"].startswith("newest-") and "report.md" in kept[0]["path"]
    readers = "\n".join(one.get("run", "") for one in whole["jobs"]["readers"]["steps"])
    parts = [part for part in newest.PARTS if part != "own"]
    assert f"--parts {','.join(parts)}" in readers
