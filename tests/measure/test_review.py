"""What a change does to the book: each kind of change is in the report, and nothing else is."""

import base64
import json
import re
import shutil
import struct
import subprocess
from dataclasses import asdict
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, TreeBuilder

import pytest
import yaml

from scripts.base import ROOT
from scripts.base.files import put
from scripts.compute.book import Book, Outcome, seal, timed
from scripts.labs import run as lab_runs
from scripts.labs import source
from scripts.measure import audit, before, claims, review, told
from scripts.publish.zip import NAME

WORKFLOW = ROOT / ".github" / "workflows" / "book.yml"

PAGE = """---
description: A page to be changed.
---

# One

The mask cuts. Every row sums to one. The share is {{ one/draws.share:.1f }} here.

```python
--8<-- "one/draws.py"
```

![All rows of the map sum to one.](figures/one/draws.svg "A map.")
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" class="figure" width="{}" height="20" viewBox="0 0 9 9"><path d="{}"/></svg>'
ONE_MODEL = re.search(r"^\[minilm\]\n.*?(?=^\[[\w-]+\]\n)", (ROOT / "snippets/models.toml").read_text("utf-8"), re.M | re.S)[0]
TEST = 'def test_it(says):\n    says("Every row sums to one.")\n'
LAB = "# ---\n# description: A trial of a lab.\n# ---\n\n# %% [markdown]\n# # Lab: Trial\n\n# %% setup=\"\"\n\n# %%\nprint(1)\n"
COLORS = '[data-md-color-scheme="slate"] {\n    --paper: #000;\n    --fig-ink: #eee;\n}\n'


class Small:
    """A book of one page and two programs that have run, in a folder."""

    def __init__(self, folder):
        self.root, self.book = folder, Book(folder)
        self.write("docs/one.md", PAGE)
        self.write("docs/assets/styles/colors.css", COLORS)
        self.write("snippets/models.toml", "")
        self.write("tests/chapters/test_one.py", TEST)
        self.write("requirements.txt", "torch==1.0\n")
        self.write("site/index.html", "<p>One</p>")
        self.ran("one/draws", "print(1)\n", "1\n2\n", {"share": 0.25}, SVG.format(30, "M 0 0"))
        self.ran("one/plain", "print(3)\n", "3\n", {})

    def write(self, name: str, text: str) -> None:
        put(self.root / name, text.encode())

    def replace(self, name: str, *pairs: tuple[str, str]) -> None:
        text = (self.root / name).read_text("utf-8")
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        self.write(name, text)

    def ran(self, name, program, text, values, svg=None, seconds="1.00", error=None) -> None:
        """Write a program, and what it has left."""
        self.write(f"snippets/{name}.py", program)
        left = Outcome(self.book.stamp(self.book.snippet(name)), values, error=error)
        outputs = {"txt": text.encode()} | ({"svg": svg.encode()} if svg else {})
        left.seal = seal(left, outputs)
        outputs |= {"json": json.dumps(asdict(left)).encode(), "time": timed(seconds).encode()}
        self.book.put(name, outputs)

    def gone(self, name: str) -> None:
        """Remove a program and what it has left."""
        (self.root / "snippets" / f"{name}.py").unlink()
        for path in self.book.cache.glob(f"{name}.*"):
            path.unlink()

    def lab(self, printed: str, *pngs: bytes) -> None:
        """A lab that has run."""
        self.write("docs/labs/trial.py", LAB)
        stamp = lab_runs._stamp(self.root, source.notebook("trial", root=self.root))
        drawn = [{"data": {"image/png": base64.b64encode(png).decode()}} for png in pngs]
        left = {"stamp": stamp, "outputs": [[], [{"text": printed}, *drawn]]}
        left["seal"] = lab_runs._seal(left)
        self.write(".cache/labs/trial.json", json.dumps(left))


class Tree(HTMLParser):
    """A page of HTML as a tree, in `root`."""

    def __init__(self, text: str):
        super().__init__()
        self.builder, self.depth = TreeBuilder(), 0
        self.feed(text)
        self.close()
        self.root: Element = self.builder.close()

    def handle_starttag(self, tag, attributes):
        self.builder.start(tag, {name: value or "" for name, value in attributes})
        self.depth += 1
        if tag in audit.EMPTY:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        self.builder.end(tag)
        self.depth -= 1

    def handle_data(self, data):
        if self.depth:
            self.builder.data(data)


@pytest.fixture(autouse=True)
def without_scripts(monkeypatch):
    """The first cell of a lab carries none here: small books have none."""
    monkeypatch.setattr(source, "PACKED", ())


@pytest.fixture
def old(tmp_path):
    return Small(tmp_path / "old")


@pytest.fixture
def new(tmp_path):
    return Small(tmp_path / "new")


@pytest.fixture
def report(old, new, tmp_path):
    """report() → the report on both, written; `tree` is its page, `markdown` the other."""

    def make() -> told.Report:
        claims.source.cache_clear()  # in one process pages change between two reports here alone
        made = review.review(before.folder(old.root), before.here(new.root), tmp_path / "report")
        told.write(made, tmp_path / "report")
        made.markdown = (tmp_path / "report" / "report.md").read_text("utf-8")
        made.tree = Tree((tmp_path / "report" / "report.html").read_text("utf-8")).root
        return made

    return make


def said(tree: Element) -> str:
    return " ".join("".join(tree.itertext()).split())


def shown(tree: Element, title: str) -> Element:
    """The section with that heading."""
    [found] = [one for one in tree.iter("section") if said(one[0]) == title]
    return found


def test_no_change_is_one_line(report):
    made = report()
    assert (made.said, made.sections, made.notes) == (review.NOTHING, [], [])
    assert [said(one) for one in made.tree.find("body/header")] == [made.title, review.NOTHING]
    assert said(made.tree.find("body/main")) == ""
    assert made.markdown == f"# {made.title}\n\n{review.NOTHING}\n"


def test_words_of_a_page(report, new):
    new.replace("docs/one.md", ("mask cuts", "mask hides"), ("Every row sums to one. ", ""),
                (" here.", " here. A wholly new sentence stands at the end."))  # fmt: skip
    made = report()
    assert made.said.startswith("What changes: 1 page,")
    rows = shown(made.tree, "one").find("ul").findall("li")
    words = [[(one.tag, said(one)) for one in row] for row in rows]
    assert words == [
        [("del", "gone: cuts."), ("ins", "new: hides.")],
        [("del", "gone: Every row sums to one.")],
        [("ins", "new: A wholly new sentence stands at the end.")],
    ]
    assert "- The mask <del>cuts.</del><ins>hides.</ins>\n- <del>Every row" in made.markdown
    assert "+The mask hides." in said(shown(made.tree, "one").find("details"))


def test_a_change_that_is_in_no_sentence_is_shown_by_its_lines(report, new):
    new.replace("docs/one.md", ("```python\n", '```python title="x"\n'))
    made = report()
    section = shown(made.tree, "one")
    assert section.find("ul") is None and '+```python title="x"' in said(section.find("div"))
    assert "+```python" in made.markdown


def test_a_value_in_a_sentence(report, new):
    new.ran("one/draws", "print(1)\n", "1\n2\n", {"share": 0.75}, SVG.format(30, "M 0 0"))
    section = shown(report().tree, "one")
    assert "Its text is the same" in said(section)
    assert [said(one) for one in section.iter("ins")] == ["new: 0.8"]


@pytest.mark.parametrize("added", [True, False])
def test_a_page_is_new_or_gone(report, old, new, added):
    (new if added else old).write("docs/two.md", "# Two\n\nIt is short. It ends.\n")
    made = report()
    assert f"The page is {'new' if added else 'gone'}: 3 sentences." in said(shown(made.tree, "two"))
    assert "### two" in made.markdown


def test_outputs_text_values_and_figure(report, new, tmp_path):
    new.ran("one/draws", "print(1)\n", "1\n5\n", {"share": 0.75, "more": 1}, SVG.format(30, "M 9 9"))
    made = report()
    section = shown(made.tree, "one/draws")
    assert "It stands on one." in said(section)
    values = [said(one) for one in section.find("ul").findall("li")]
    assert values == ["more: None → 1", "share: 0.25 → 0.75"]
    patch = section.find("div/pre")
    assert ("gone: -2", "new: +5") == (said(patch.find("del")), said(patch.find("ins")))
    pictures = list(section.iter("img"))
    assert [one.get("alt") for one in pictures] == [
        f"{when}: All rows of the map sum to one." for when in ("Before", "Now")
    ]
    drawn = [(tmp_path / "report" / one.get("src")).read_text("utf-8") for one in pictures]
    assert "M 0 0" in drawn[0] and "M 9 9" in drawn[1]
    assert all("prefers-color-scheme: dark){svg{--fig-ink: #eee;}" in one for one in drawn)
    assert "it is another, 30 × 20 pixels as before." in said(section)
    assert "shown(one/plain)" not in made.markdown and "### one/plain" not in made.markdown
    assert "-2\n+5" in made.markdown and "`share`: 0.25 → 0.75" in made.markdown


@pytest.mark.parametrize(
    ("before_it", "now", "sentence"),
    [
        (SVG.format(30, "M 0 0"), SVG.format(50, "M 0 0"), "only its size is another: 30 × 20 → 50 × 20"),
        (SVG.format(30, "M 0 0"), SVG.format(50, "M 1 1"), "it is another, and so is its size: 30 × 20 → 50"),
        (None, SVG.format(50, "M 0 0"), "it is new."),
        (SVG.format(30, "M 0 0"), None, "it is gone."),
    ],
)
def test_a_figure_s_size(report, old, new, before_it, now, sentence):
    old.ran("one/draws", "print(1)\n", "", {}, before_it)
    new.ran("one/draws", "print(1)\n", "", {}, now)
    made = report()
    section = shown(made.tree, "one/draws")
    assert sentence in said(section) and sentence in made.markdown
    assert len(list(section.iter("img"))) == (before_it is not None) + (now is not None)


def test_a_lab_s_figures(report, old, new, tmp_path):
    png = [b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack(">II", wide, 7) for wide in (5, 6)]
    same = b"\x89PNG the same"
    old.lab("1\n", same, png[0])
    new.lab("2\n", same, png[1])
    section = shown(report().tree, "labs/trial")
    assert "-1" in said(section) and "+2" in said(section) and "5 × 7 → 6 × 7" in said(section)
    files = [tmp_path / "report" / one.get("src") for one in section.iter("img")]
    assert [path.read_bytes() for path in files] == png


def test_what_fails_now(report, new):
    new.ran("one/plain", "print(3)\n", "", {}, error="snippets/one/plain.py, line 1: No")
    assert "It fails now: snippets/one/plain.py, line 1: No" in said(shown(report().tree, "one/plain"))


def listed(made, title: str) -> list[str]:
    """What stands in the list after that sentence, in the section on outputs."""
    parts = list(shown(made.tree, "Outputs"))
    at = [said(one) for one in parts].index(title)
    return [said(one) for one in parts[at + 1]]


def test_programs_that_are_new_or_gone(report, old, new):
    new.ran("one/more", "print(4)\n", "4\n", {})
    new.write("snippets/one/unrun.py", "print(5)\n")
    new.gone("one/plain")
    old.lab("1\n")
    made = report()
    assert listed(made, "New:") == ["one/more"]
    assert listed(made, "New, without outputs yet:") == ["one/unrun"]
    assert listed(made, "Gone:") == ["labs/trial", "one/plain"]
    assert "New:\n\n- `one/more`" in made.markdown


def test_outputs_that_are_missing_on_one_side(report, old, new):
    for path in old.book.cache.glob("one/plain.*"):
        path.unlink()
    old.lab("1\n")
    new.lab("1\n")
    (old.root / ".cache" / "labs" / "trial.json").unlink()
    made = report()
    title = "Its outputs are missing in what this is compared with:"
    assert listed(made, title) == ["labs/trial", "one/plain"]


def test_what_has_not_run_yet_is_told_and_not_compared(report, old, new):
    old.lab("1\n")
    new.lab("2\n")
    new.replace("docs/labs/trial.py", ("print(1)", "print(3)"))
    new.write("snippets/one/plain.py", "print(33)\n")
    made = report()
    assert "Not run yet as they are now: `one/plain`, `labs/trial`." in made.notes[0]
    assert "run python -m scripts run and" in said(made.tree)
    assert made.markdown.count("⚠") == 1 and [one.title for one in made.sections] == ["Pages"]
    new.write("snippets/one/plain.py", "print(3)\n")
    new.lab("1\n")
    for path in new.book.cache.glob("one/draws.*"):
        path.unlink()
    made = report()
    assert made.said == "No change is seen, but not all is known.", "its value on the page is no change"


def test_another_program_with_the_same_outputs(report, old, new):
    new.ran("one/plain", "print(1 + 2)\n", "3\n", {})
    for book, program in ((old, "import time\n"), (new, "import time  # again\n")):
        book.ran("one/timed", program, "1 s\n", {})
    made = report()
    assert listed(made, "Another program, and the same outputs:") == ["one/plain"]
    title = "Another program. It tells times or versions, so its outputs are not compared:"
    assert listed(made, title) == ["one/timed"]


def test_times_are_no_change(report, old, new):
    for book, seconds in ((old, 1.0), (new, 2.5)):
        book.replace("docs/one.md", ("one/draws.share", "one/timed.run_seconds"))
        book.ran("one/timed", "import time\n", f"{seconds}\n", {"run_seconds": seconds}, None, f"{seconds}0")
    assert report().said == review.NOTHING
    new.replace("docs/one.md", ("cuts", "hides"))
    made = report()
    assert "0.5" not in said(shown(made.tree, "one")) and "2.5" not in said(shown(made.tree, "one"))
    times = shown(made.tree, "Times")
    assert [said(one) for one in times.find("ul")] == ["one/timed"]
    rows = [[said(cell) for cell in row] for row in times.iter("tr")]
    assert rows == [["program", "before", "now", "more"], ["one/timed", "1.0", "2.5", "+1.5"],
                    ["all 3 programs", "3.0", "4.5", "+1.5"]]  # fmt: skip


def test_claims(report, new):
    new.replace("docs/one.md", ("Every row sums to one.", "Every column sums to one."))
    made = report()
    rows = [[said(cell) for cell in row] for row in shown(made.tree, "Claims").iter("tr")]
    assert rows[1:] == [["one", "1 of 2", "0 of 2"]]
    lines = [said(one) for one in shown(made.tree, "Claims of one").find("ul")]
    assert lines == [
        "new, held by nothing: Every column sums to one.", "gone: Every row sums to one."
    ]  # fmt: skip
    new.replace("docs/one.md", ("Every column", "Every row"))
    new.write("tests/chapters/test_one.py", "")
    made = report()
    assert "held no longer: Every row sums to one." in said(shown(made.tree, "Claims of one"))
    assert made.said == "What changes: claims."


def test_sizes(report, old, new):
    for book, size in ((old, 1000), (new, 3000)):
        book.write("snippets/models.toml", re.sub(r"^bytes = \d+", f"bytes = {size}", ONE_MODEL, flags=re.M))
    new.ran("one/plain", "print(3)\n", "3\n" * 50, {})
    old.write("site/assets/old.bin", "1234")
    new.write("site/two/index.html", '<p>2 <span class="measured">3 s</span></p>')
    rows = [[said(cell) for cell in row] for row in shown(report().tree, "Sizes").iter("tr")]
    found = {row[0]: row[1:] for row in rows}
    two = before.sizes(new.root / "site")["two/index.html"]
    assert found["page two/"] == ["none", f"{two}", f"+{two}"]
    assert found["assets, all files"] == ["4", "0", "−4"]
    assert found["recorded printed texts"] == ["6", "104", "+98"]
    assert found["packages of the models, to download"] == ["1,000", "3,000", "+2,000"]
    assert "page (first)" not in found and "recorded figures" not in found, "they weigh the same"
    new.write("site/two/index.html", '<p>2 <span class="measured">345.6 s</span></p>')
    assert before.sizes(new.root / "site")["two/index.html"] == two, "a time does not count"


def test_other_files(report, new):
    new.write("docs/assets/styles/colors.css", COLORS + "/* */")
    new.write("scripts/x.py", "")
    made = report()
    lines = [said(one) for one in shown(made.tree, "Other files").find("ul")]
    assert lines == ["docs/assets/styles/colors.css differs", "scripts/x.py is new"]
    assert made.said == "What changes: other files."


def test_the_page_opens_from_a_folder_and_for_everybody(report, new, tmp_path):
    new.replace("docs/one.md", ("mask cuts", "mask <b onclick=x()>hides</b>"))
    new.ran("one/draws", "print(1)\n", "<script>1</script>\n", {"share": 0.7}, SVG.format(30, "M 9 9"))
    made = report()
    read = audit.Reader((tmp_path / "report" / "report.html").read_text("utf-8"))
    assert read.faults == [] and read.said["lang"] == "en" and read.said["viewport"]
    assert read.headings[:2] == [1, 2] and read.headings.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(read.headings, read.headings[1:]))
    assert len(set(read.ids)) == len(read.ids)
    for link in read.links:
        there = link[1:] in read.ids if link.startswith("#") else (tmp_path / "report" / link).is_file()
        assert there, link
    boxes = [one for one in made.tree.iter("div") if one.get("class") == "scroll"]
    assert boxes and all(one.get("tabindex") == "0" and one.get("aria-label") for one in boxes)
    assert all(len(one.get("alt")) > 10 for one in made.tree.iter("img"))
    assert list(made.tree.iter("script")) == list(made.tree.iter("b")) == [], "what changed is text"
    assert "<script>1</script>" in said(shown(made.tree, "one/draws"))
    style = said(made.tree.find("head/style"))
    assert "color-scheme: light dark" in style and "prefers-color-scheme: dark" in style


def test_long_markdown_is_cut(report, new):
    new.replace("docs/one.md", (" here.", " here." + " A long sentence stands in this page." * 2000))
    new.write("scripts/x.py", "")
    text = report().markdown
    assert len(text) < told.LENGTH and told.CUT in text
    assert text.endswith("## Other files\n\n- `scripts/x.py` is new\n"), "what follows is there"


def test_a_table_and_a_patch_stand_in_markdown_as_they_are():
    parts = [told.Table("T", ["a", "b"], [["x|y", "1"]]), told.Lines("L:", "+```", False)]
    text = told.markdown(told.Report("R", "S", [], [told.Section("One", parts)]))
    assert "| x\\|y | 1 |" in text and "````diff\n+```\n````" in text


# ------------------------------------------------------------------------------ what it is against


def git(folder, *command: str) -> str:
    who = ["-c", "user.name=x", "-c", "user.email=x@y", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *command], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def clone(new, monkeypatch, tmp_path):
    """A clone whose last commit is `new` as it is, and the verb: clone("HEAD", …) → exit code."""
    new.write(".gitignore", ".cache\nsite\n")
    git(new.root, "init", "--quiet", "--initial-branch", "main")
    git(new.root, "add", ".")
    git(new.root, "commit", "--quiet", "--message", "one")
    monkeypatch.setattr(review, "ROOT", new.root)
    into = str(tmp_path / "report")
    return lambda *command: review.main([*command, "--into", into], standalone_mode=False)


def test_a_commit_whose_outcomes_are_kept_here(clone, new, tmp_path, capsys, says):
    says(
        "It compares with the commit at which your branch left `main`, or with one that you name",
        "The last outcomes of a program are kept, so what it left before your change is mostly there; "
        "what is not, the report names.",
        page="contributing",
    )
    assert clone() == 0
    assert review.NOTHING in capsys.readouterr().out
    new.ran("one/draws", "print(10)\n", "10\n", {"share": 0.5}, SVG.format(30, "M 9 9"))
    (new.root / "snippets" / "one" / "plain.py").write_text("print(30)\n")
    new.gone("one/plain")
    assert clone("HEAD") == 0
    text = (tmp_path / "report" / "report.md").read_text("utf-8")
    assert "`share`: 0.25 → 0.5" in text and "-2\n" in text, "of the commit, by its stamp"
    assert "nothing is kept here that these have left: `one/plain`" in text
    assert "weighed is not known here" in text
    assert "report.html" in capsys.readouterr().out


def test_a_branch_is_compared_with_where_it_left_main(clone, new, tmp_path):
    git(new.root, "checkout", "--quiet", "-b", "mine")
    new.replace("docs/one.md", ("cuts", "hides"))
    git(new.root, "commit", "--quiet", "--all", "--message", "two")
    assert clone() == 0
    assert "<ins>hides.</ins>" in (tmp_path / "report" / "report.md").read_text("utf-8")


def test_what_was_kept_of_the_published_book(clone, new, tmp_path, capsys, monkeypatch):
    kept = tmp_path / "kept"
    assert clone("--keep", str(kept)) == 0
    new.write("site/index.html", "<p>One and more</p>" * 9)
    new.ran("one/draws", "print(1)\n", "1\n5\n", {"share": 0.25}, SVG.format(30, "M 0 0"))
    shutil.rmtree(new.root / ".cache" / "kept", ignore_errors=True)
    assert clone("--kept", str(kept), "HEAD") == 0
    text = (tmp_path / "report" / "report.md").read_text("utf-8")
    assert "-2\n+5" in text and "page `(first)`" in text and "not known" not in text
    assert re.search(r"of HEAD \(\w{10}\) were made with torch \d", text), "not with torch 1.0"
    assert clone("--kept", str(kept / before.OUTPUTS), "HEAD") == 0
    assert "(first)" not in (tmp_path / "report" / "report.md").read_text("utf-8")
    for path in new.book.cache.glob("one/plain.*"):
        path.unlink()
    assert clone("--keep", str(tmp_path / "less")) == 0
    assert clone("--kept", str(tmp_path / "less"), "HEAD") == 0
    assert "less has no outputs of `one/plain`" in capsys.readouterr().out
    put(kept / before.OUTPUTS, b"no archive")
    assert clone("--kept", str(kept), "HEAD") == 2
    assert "outputs.zip is damaged" in capsys.readouterr().err


def test_what_cannot_be_compared_is_said_in_a_sentence(clone, new, tmp_path, capsys):
    assert clone("nowhere") == 2
    assert "name a commit that is here, or a folder" in capsys.readouterr().err
    assert clone(str(tmp_path)) == 2
    assert "is no folder of the book: it has no snippets" in capsys.readouterr().err
    shutil.rmtree(new.root / "site")
    assert clone("--keep", str(tmp_path / "kept")) == 2
    assert "there is no site: run `mkdocs build`" in capsys.readouterr().err
    assert clone("HEAD") == 0
    assert "There is no site here" in capsys.readouterr().out
    shutil.rmtree(new.root / ".git")
    assert clone() == 2
    assert "git" in capsys.readouterr().err


def test_a_folder_without_outputs(old, new, tmp_path):
    shutil.rmtree(old.root / ".cache")
    assert "has no outputs: run `python -m scripts run` there" in before.folder(old.root).notes[0]


# ------------------------------------------------------------------------------- in the workflow


@pytest.fixture(scope="module")
def steps():
    """Each step of the job that checks the book, whole, in its order."""
    return yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]["check"]["steps"]


def step(steps: list[dict], word: str) -> dict:
    """The one step that runs that."""
    [found] = [one for one in steps if word in one.get("run", "")]
    return found


def artifact(steps: list[dict], path: str) -> dict:
    """The one step that keeps that."""
    [found] = [one for one in steps if "upload-artifact@" in one.get("uses", "") and one["with"]["path"] == path]
    return found


def test_a_pull_request_gets_site_and_report(steps, says):
    says("A pull request gets the same report, in the summary of its check", page="contributing")
    asked = "github.event_name == 'pull_request'"
    report, folder = step(steps, "scripts review 'HEAD^1'"), step(steps, "scripts zip")
    for one in (report, folder, step(steps, "gh run download"),
                artifact(steps, "review"), artifact(steps, f"opened/{NAME}")):  # fmt: skip
        assert asked in one["if"] and "!cancelled()" in one["if"], "also where a test fails"
    assert 'cat review/report.md >> "$GITHUB_STEP_SUMMARY"' in report["run"] and "--into review" in report["run"]
    assert f".cache/{NAME}.zip -d opened" in folder["run"]
    order = [steps.index(step(steps, word)) for word in
             ("bash .ci/run", "gh run download", "scripts review 'HEAD^1'")]  # fmt: skip
    assert order == sorted(order)


def test_main_keeps_what_a_change_is_compared_with(steps):
    keep = step(steps, "scripts review --keep kept")
    kept = artifact(steps, "kept")
    assert keep["if"] == kept["if"] == "github.ref == 'refs/heads/main'"
    fetch = step(steps, "gh run download")["run"]
    assert f"--name {kept['with']['name']} --dir kept" in fetch and "--branch main --status success" in fetch
    assert f"[ -e kept/{before.OUTPUTS} ]" in step(steps, "scripts review 'HEAD^1'")["run"]


def test_a_change_from_outside_can_write_nothing():
    whole = yaml.safe_load(WORKFLOW.read_text("utf-8"))
    assert "pull_request_target" not in whole[True]  # YAML reads the word "on" so
    for name, job in whole["jobs"].items():
        rights = job.get("permissions", whole["permissions"])
        if set(rights.values()) != {"read"}:
            assert job["if"] == "github.ref == 'refs/heads/main'", name


def test_each_action_is_named_by_its_digest():
    for path in WORKFLOW.parent.glob("*.yml"):
        uses = re.findall(r"uses: (\S+)", path.read_text("utf-8"))
        assert uses and all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", one) for one in uses), path.name
