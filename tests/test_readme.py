"""The README: what it shows does what it says."""

import json
import re
from pathlib import Path

import pytest

from scripts.__main__ import VERBS
from scripts.base import ROOT
from scripts.compute import runner
from scripts.pages import copies

pytest_plugins = ["browser"]

README = (ROOT / "README.md").read_text("utf-8")


def part(heading: str) -> str:
    """One section of the README."""
    return re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", README, re.M | re.S)[1]


def test_the_example_prints_what_it_says_and_has_the_values_that_it_names(book, tmp_path):
    text = part("Add a snippet in five lines")
    name = re.search(r"Write `snippets/(.+)\.py`", text)[1]
    program, printed = (
        re.search(rf"```{kind}\n(.*?)```", text, re.S)[1] for kind in ("python", "text")
    )
    lines = program.split('"""', 2)[2].split("\n")
    assert sum(bool(line) for line in lines) <= 5 and max(map(len, lines)) <= 88
    place = tmp_path / "snippets" / f"{name}.py"
    place.parent.mkdir(parents=True)
    place.write_text(program, "utf-8")
    (tmp_path / "models").symlink_to(ROOT / "models")
    small = runner.Book(tmp_path)
    assert runner.run(small, say=lambda line: None) == {}
    made = small.output(name, "txt").read_text("utf-8")
    assert made == printed
    assert re.fullmatch(r"[A-Z][\w ,.“”’]+\.\n", made), "words, no pieces of them, and a whole end"
    quoted = re.findall(r"\{\{ (\S+)\.(\w+) \}\}", text)
    assert quoted and {one for one, _ in quoted} == {name}
    assert {variable for _, variable in quoted} <= small.outcome(name).values.keys()
    shown = re.findall(r"(?:--8<-- \"|\(figures/)([\w/]+)\.", text)
    assert set(shown) == {name} and (ROOT / "docs" / Path(name).parent).with_suffix(".md").is_file()


def test_its_links_lead_somewhere_and_one_to_how_to_contribute():
    for name in ("README.md", "CONTRIBUTING.md"):
        links = re.findall(r"(?<!`)!?\]\(([^)# ]+)[^)]*\)(?!`)", (ROOT / name).read_text("utf-8"))
        assert links and not [one for one in links if not (ROOT / one).exists()]
    assert "](CONTRIBUTING.md)" in README and "](docs/contributing.md)" in README


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_windows_has_the_same_commands(page):
    """Whoever has no `.venv/bin` must not guess."""
    text = (ROOT / page).read_text("utf-8")
    posix = re.search(r"```bash\n(python3 -m venv.*?)```", text, re.S)[1]
    windows = re.search(r"```powershell\n(.*?)```", text, re.S)[1]
    there = re.split(r" && |\n", posix.strip())
    as_there = [line.replace("py -m", "python3 -m").replace(".venv\\Scripts\\", ".venv/bin/")
                for line in windows.strip().split("\n")]  # fmt: skip
    assert as_there == there and "venv" in as_there[0]


def test_a_course_can_name_the_version():
    version = re.search(
        r'^version: "(\d{4}\.\d+)"$', (ROOT / "CITATION.cff").read_text("utf-8"), re.M
    )
    assert version and "git tag" in part("Use it in a course")
    newest = re.search(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert newest[1] == version[1] == copies.version(ROOT)
    assert copies.version(ROOT / "docs") == "", "a copy without that file has no version"


def test_each_page_names_the_version(built):
    for page in ("", "decoder", "labs/decoder"):
        last = (ROOT / "site" / page / "index.html").read_text("utf-8").split('class="about-page"')[1]
        assert f"</cite>, version {copies.version(ROOT)}" in last.split("</p>")[0]


def test_a_machine_in_the_browser_runs_the_commands_of_the_readme():
    said = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    first = re.search(r"```bash\n(python3 -m venv.*?)\n", part("Run it"), re.S)[1]
    assert f"{said['postCreateCommand']} && {said['postAttachCommand']}" == first
    assert re.fullmatch(r"python:3\.\d+", said["image"]) and said["forwardPorts"] == [8000]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "AGENTS.md", "docs/tutor.md", "docs/contributing.md"])  # fmt: skip
def test_commands_and_files_that_are_named_exist(page, book):
    """Whoever follows the page to the letter, such as a coding assistant, ends nowhere else."""
    text = (ROOT / page).read_text("utf-8")
    verbs = re.findall(r"python -m scripts ([a-z-]+)", text)
    assert set(verbs) <= set(VERBS)
    ran = re.findall(r"python -m (?:snippets|scripts (?:run|claims)) ([a-z_]+(?:/[a-z_]+)?)", text)
    for name in ran:
        assert (ROOT / "snippets" / name).is_dir() or (ROOT / "snippets" / f"{name}.py").is_file()
    named = re.findall(r"(?<![\w./])((?:docs|snippets|scripts|tests|\.cache)/[\w./-]*\w)(?![\w/<*])", text)
    made = ("docs/page", "snippets/decoder/story.py", ".cache/review/report.html")  # one would make them
    assert not [one for one in named if not (ROOT / one).exists() and one not in made]
