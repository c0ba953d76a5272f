"""The site as mkdocs builds it: what is in it, what stops it, and what stays then."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from scripts.benchmark import copy_of_the_book
from scripts.runner import ROOT

SCALING = "self_attention/scaling"
PAGE = f"""---
description: A page for tests.
---

# A page

The spread is {{{{ {SCALING}.raw:.1f }}}}, and $\\sqrt{{d}}$ is the reason.

```python
--8<-- "{SCALING}.py"
```

```text
--8<-- "{SCALING}.txt"
```

![Two histograms, the first wide and the second narrow.](figures/{SCALING}.svg "A caption.")
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A small copy of the book with one page and one snippet, and a way to build it."""
    folder = tmp_path_factory.mktemp("site with späces")
    book = copy_of_the_book(folder, keep=[SCALING])
    page = folder / "docs" / "self_attention-scaling.md"
    page.write_text(PAGE, "utf-8")

    def build(*options: str, python: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
        command = [sys.executable, *python, "-m", "mkdocs", "build", *options]
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True,
            env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        )  # fmt: skip

    build.folder, build.page, build.book = folder, page, book
    build.html = folder / "site" / "self_attention-scaling" / "index.html"
    build.snippet = folder / "snippets" / f"{SCALING}.py"
    done = build("--strict")
    assert done.returncode == 0, done.stderr
    return build


@pytest.fixture
def edited(site):
    """edited(path, text) writes a file for one test and puts the old text back after."""
    before = {}

    def edit(path, text):
        before.setdefault(path, path.read_text("utf-8"))
        path.write_text(text, "utf-8")

    yield edit
    for path, text in before.items():
        path.write_text(text, "utf-8")


def test_everything_is_in_the_page(site):
    html = site.html.read_text("utf-8")
    raw = site.book.outcome(SCALING).values["raw"]
    assert f"The spread is {raw:.1f}, and <" in html and "{{" not in html
    assert "<math" in html and "msqrt" in html
    assert re.search(r'<figure class="computed"[^>]*><svg role="img" aria-label="Two', html)
    assert "<p>A caption.</p>" in html and "spread after dividing" in html
    assert 'href="../source/self_attention/scaling.py"' in html
    assert (site.folder / "site" / "source" / f"{SCALING}.py").exists()
    assert (site.folder / "site" / "figures" / f"{SCALING}.svg").exists()
    assert re.search(r'<svg[^>]* width="\d+" height="\d+"', html), "or the page would jump"


def test_nothing_comes_from_elsewhere(site):
    for page in (site.folder / "site").rglob("*.html"):
        html = page.read_text("utf-8")
        loaded = r'(?:<(?:script|img|iframe|source)[^>]* src|<link rel="(?!canonical)[^>]*href)'
        assert not re.findall(rf'{loaded}="(?:https?:)?//[^"]+"', html), page
    for style in (site.folder / "site").rglob("*.css"):
        assert not re.findall(r"url\([\"']?(?:https?:)?//", style.read_text("utf-8")), style


def test_a_second_build_runs_nothing_and_imports_no_torch(site):
    done = site("--strict", python=("-X", "importtime"))
    assert done.returncode == 0
    assert "snippet" not in re.sub(r"import time:.*", "", done.stderr)
    assert not re.findall(r"\| +(?:torch|transformers|matplotlib)\b", done.stderr)


def test_a_prose_edit_runs_nothing(site, edited):
    edited(site.page, PAGE + "\nOne more sentence.\n")
    done = site("--strict")
    assert done.returncode == 0 and "to run" not in done.stderr
    assert "One more sentence." in site.html.read_text("utf-8")


def stops(site, said: str) -> None:
    """A strict build ends with this sentence, and the last good site is still there."""
    before = site.html.read_bytes()
    done = site("--strict")
    assert done.returncode == 1 and said in done.stderr, done.stderr
    assert "Traceback" not in done.stderr
    assert site.html.read_bytes() == before


def test_a_failing_snippet_stops_a_strict_build(site, edited):
    edited(site.snippet, '"""Broken."""\n\nprint(undefined)\n')
    stops(site, f"snippets/{SCALING}.py, line 3: NameError")
    # Without strict the page shows what happened, where the text would be.
    assert site().returncode == 0
    assert "NameError" in site.html.read_text("utf-8")


def test_after_a_repair_all_is_well_again(site):
    done = site("--strict")
    assert done.returncode == 0 and "1 snippet to run" in done.stderr


def test_an_unknown_value_stops_a_strict_build(site, edited):
    edited(site.page, PAGE + f"\n{{{{ {SCALING}.scaled_spred }}}}\n")
    stops(site, "leaves no value scaled_spred; did you mean")


def test_a_missing_include_stops_a_strict_build(site, edited):
    edited(site.page, PAGE + '\n--8<-- "self_attention/no.txt"\n')
    stops(site, "there is no snippet self_attention/no")


def test_an_orphan_stops_a_strict_build(site):
    orphan = site.snippet.with_name("orphan.py")
    orphan.write_text('"""Alone."""\n\nprint(1)\n')
    try:
        stops(site, "snippets/self_attention/orphan.py is on no page")
    finally:
        orphan.unlink()


def test_a_broken_link_stops_a_strict_build(site, edited):
    edited(site.page, PAGE + "\n[away](nowhere.md)\n")
    stops(site, "nowhere.md")


def test_a_formula_that_cannot_be_read_stops_a_build(site, edited):
    edited(site.page, PAGE + "\n$\\frac{1}$ and $\\nonsense{x}$\n")
    before = site.html.read_bytes()
    done = site("--strict")
    assert done.returncode == 1
    assert "nonsense" in done.stderr or "frac" in done.stderr
    assert site.html.read_bytes() == before


def test_a_killed_build_leaves_the_last_site(site, edited):
    slow = f"{site.snippet.read_text('utf-8')}\nimport time\ntime.sleep(60)\n"
    edited(site.snippet, slow)
    before = site.html.read_bytes()
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    process = subprocess.Popen(
        command, cwd=site.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    deadline = time.monotonic() + 120
    while not list((site.folder / ".cache").glob("run/*/*/stderr")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert site.html.read_bytes() == before


def test_two_cold_builds_give_the_same_bytes(site, tmp_path):
    """All but the times, which the pages mark as measured."""
    other = tmp_path / "other"
    other.mkdir()
    copy_of_the_book(other, keep=[SCALING])
    (other / "docs" / site.page.name).write_text(PAGE, "utf-8")
    for folder in (other, site.folder):
        command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    def contents(folder) -> dict[str, bytes]:
        found = {}
        for path in sorted((folder / "site").rglob("*")):
            if path.is_file() and path.name not in ("sitemap.xml", "sitemap.xml.gz"):
                name = path.relative_to(folder / "site").as_posix()
                times = rb'<span class="measured">[^<]*</span>'
                found[name] = re.sub(times, b"", path.read_bytes())
        return found

    one, two = contents(site.folder), contents(other)
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []
    outputs = [
        {p.name: p.read_bytes() for p in (f / ".cache" / "snippets").rglob("*.*")
         if p.suffix != ".time"}
        for f in (site.folder, other)
    ]
    assert outputs[0] == outputs[1]


def test_the_workflow_publishes_what_the_check_built():
    text = (ROOT / ".github" / "workflows" / "book.yml").read_text("utf-8")
    assert "bash .ci/run" in text and "path: site" in text
    assert "contents: read" in text
