"""The copies of the pages for machines, their list, and the feed of changes."""

import re
import subprocess
import xml.etree.ElementTree as ET

import pytest

from scripts.base import ROOT
from scripts.pages import copies

pytest_plugins = ["browser"]
NAMES = sorted(path.name for path in (ROOT / "docs").glob("*.md"))
LINK = re.compile(r"\]\(((?!https?:)[^)\s#]+)(?:#[^)\s]*)?[^)]*\)")


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_is_whole(built, name):
    text = (ROOT / "site" / name).read_text("utf-8")
    plain = re.sub(r"^````.*?^````|`[^`\n]+`", "", text, flags=re.M | re.S)
    assert text.startswith("# ")
    left = re.findall(r"^\s*--8<-- .*$|\{\{ *(?!chapter/idea)\w+/\w+\.\w+ *(?=[:}])", plain, re.M)
    assert not left, "all is written in"
    assert "```{" not in plain
    for link in LINK.findall(re.sub(r"^( *)```.*?^\1```", "", plain, flags=re.M | re.S)):
        assert (ROOT / "site" / link.replace(".ipynb", "/index.html")).exists(), link


def test_a_copy_has_code_and_what_it_printed(book):
    text = '---\ndescription: x\n---\n# A\n\n```python\n--8<-- "self_attention/scaling.py"\n```\n'
    text += '\n    ```text\n    --8<-- "self_attention/scaling.txt"\n    ```\n'
    copy = copies.markdown(book, text)
    code = (book.snippets_dir / "self_attention/scaling.py").read_text("utf-8").strip()
    printed = book.output("self_attention/scaling", "txt").read_text("utf-8").splitlines()
    assert copy.startswith("# A\n\n```python\n" + code)
    assert "    ```text\n" + "".join(f"    {line}\n" for line in printed) in copy


def test_an_include_that_is_shown_stands_there_as_one_would_write_it(book):
    shown = '````markdown\n```python\n;--8<-- "self_attention/scaling.py"\n```\n````\n'
    assert copies.markdown(book, shown) == shown.replace(";--8<--", "--8<--")


def test_what_is_not_there_is_left_as_it_stands(book):
    missing = '```python\n--8<-- "self_attention/no_such.py"\n```\n'
    assert copies.markdown(book, missing).endswith('--8<-- "self_attention/no_such.py"\n```\n')


def test_all_pages_are_listed(built):
    listed = (ROOT / "site" / "llms.txt").read_text("utf-8")
    places = re.findall(r"^- \[[^\]]+\]\(([^)]+)\)", listed, re.M)
    docs = ROOT / "docs"
    wanted = {path.relative_to(docs).as_posix() for path in [*docs.glob("*.md"), *docs.glob("pt/*.md")]}
    assert set(places) >= wanted and len(wanted) == len([p for p in places if p.endswith(".md")])
    assert all((ROOT / "site" / place).exists() for place in places)
    assert len(places) == len(wanted) + 5, "and the labs"
    told = re.findall(r"^- \[(?!Lab: Lab)[^\]]+\]\([^)]+\): \S.*\.$", listed, re.M)
    assert len(told) == len(places), "each with what it is about"


@pytest.fixture(params=["", "outer/böok"], ids=["alone", "in another"])
def repository(request, tmp_path):
    """A book with two pages, the second changed two days after the first, in a repository.

    It is the repository, or a folder somewhere in it.
    """
    book = tmp_path / request.param
    (book / "docs").mkdir(parents=True)

    def commit(name: str, day: str, says: str) -> None:
        (book / "docs" / name).write_text(says)
        who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", f"core.hooksPath={tmp_path}"]
        for command in (["add", "."], [*who, "commit", "-qm", says, "--date", f"{day}T12:00:00Z"]):
            environment = {"GIT_COMMITTER_DATE": f"{day}T12:00:00Z", "HOME": str(tmp_path)}
            subprocess.run(["git", *command], cwd=tmp_path, check=True, env=environment)

    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    commit("a.md", "2026-01-01", "first & <second>")
    commit('é "b".md', "2026-01-03", "another")
    return book


def test_changes_come_from_git(repository, tmp_path_factory):
    days = {"docs/a.md": "2026-01-01", 'docs/é "b".md': "2026-01-03"}
    assert copies.changed(repository) == days
    feed = ET.fromstring(copies.feed(repository, "A book", "https://example.org/book/"))
    atom = "{http://www.w3.org/2005/Atom}"
    titles = [entry.find(f"{atom}title").text for entry in feed.iter(f"{atom}entry")]
    assert titles == ["another", "first & <second>"]
    assert feed.find(f"{atom}updated").text.startswith("2026-01-03")
    assert len({entry.find(f"{atom}id").text for entry in feed.iter(f"{atom}entry")}) == 2


def test_without_git_there_are_no_changes(tmp_path, monkeypatch):
    assert copies.changed(tmp_path) == {} and copies.feed(tmp_path, "A", "b/") == b""
    monkeypatch.setenv("PATH", "")
    assert copies.changed(tmp_path) == {}
