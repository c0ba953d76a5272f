"""The site as mkdocs builds it: what is in it, what stops it, and what stays then."""

import json
import re
import signal
import time
from html import unescape

import pytest
from small_site import PAGE, SNIPPET, SmallSite

from scripts.base import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A small copy of the book, built, in a folder with a space and an accent in its name."""
    made = SmallSite(tmp_path_factory.mktemp("site with späces"))
    done = made("--strict")
    assert done.returncode == 0, done.stderr
    return made


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
    highest = site.book.outcome(SNIPPET).values["highest"]
    assert f"The rate peaks at {highest:.5f}, with <" in html and "{{" not in html
    assert "<math" in html and "msqrt" in html
    assert re.search(r'<figure class="computed"[^>]*><svg role="img" aria-label="A curve', html)
    assert "<p>A caption.</p>" in html and "highest: " in html
    assert 'href="../source/the_paper/schedule.py"' in html
    assert (site.folder / "site" / "source" / f"{SNIPPET}.py").exists()
    assert (site.folder / "site" / "figures" / f"{SNIPPET}.svg").exists()
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


def test_a_failing_snippet_stops_a_strict_build(site, edited, says):
    says("The first fails on a failing snippet", page="contributing")
    edited(site.snippet, '"""Broken."""\n\nprint(undefined)\n')
    stops(site, f"snippets/{SNIPPET}.py, line 3: NameError")
    # Without strict the page shows what happened, where the text would be.
    assert site().returncode == 0
    assert "NameError" in site.html.read_text("utf-8")


def test_after_a_repair_all_is_well_again(site):
    done = site("--strict")
    assert done.returncode == 0 and "to run" not in done.stderr, "its old outcome was kept"
    assert "NameError" not in site.html.read_text("utf-8")


def test_an_unknown_value_stops_a_strict_build(site, edited):
    edited(site.page, PAGE + f"\n{{{{ {SNIPPET}.higest }}}}\n")
    stops(site, "leaves no value higest; did you mean")


def test_a_missing_include_stops_a_strict_build(site, edited):
    edited(site.page, PAGE + '\n--8<-- "self_attention/no.txt"\n')
    stops(site, "there is no snippet self_attention/no")


def test_an_orphan_stops_a_strict_build(site):
    orphan = site.snippet.with_name("orphan.py")
    orphan.write_text('"""Alone."""\n\nprint(1)\n')
    try:
        stops(site, "snippets/the_paper/orphan.py is on no page")
    finally:
        orphan.unlink()


def test_a_broken_link_stops_a_strict_build(site, edited):
    edited(site.page, PAGE + "\n[away](nowhere.md)\n")
    stops(site, "nowhere.md")


def test_formulas_that_cannot_be_read_stop_a_build_and_are_all_named(site, edited):
    edited(site.page, PAGE + "\nA half, $\\frac{1}$, and\n\n$$\nx +\n\\nonsense{x}\n$$\n")
    before = site.html.read_bytes()
    last = PAGE.count("\n")
    for options in ((), ("--strict",)):
        done = site(*options)
        assert done.returncode == 1
        where = f"docs/{site.page.name}, line"
        assert f"{where} {last + 2}: cannot read “\\frac{{1}}”: " in done.stderr
        assert f"{where} {last + 5}: cannot read “x +\n\\nonsense{{x}}”: Unsup" in done.stderr
        assert "2 formulas cannot be read, named above" in done.stderr
        assert "Traceback" not in done.stderr
        assert site.html.read_bytes() == before


WITH_FORMULAS = """---
description: A page for tests alone.
---

# A width of $10^9$

## Why $\\sqrt{d_k}$ and $a < b$

| sign | meaning |
| --- | --- |
| $x^2$ | a square[^note] |

[^note]: Not $y^2$.

??? note "A fold with $z^2$"
    In the fold $u^2$.

!!! question "Is $v^2$ right?"
    - [x] $q^2$
        Since $r^2$.
    - [ ] $s^2$
        Not $t^2$.
    - [ ] $w^2$
        No.

```python
--8<-- "the_paper/schedule.py"
```

![A curve.](figures/the_paper/schedule.svg "A caption with $c^2$.")
"""


def test_formulas_wherever_they_stand(site, edited):
    """In headings, and so in lists of headings, the browser's tab and the search; in all else."""
    edited(site.page, WITH_FORMULAS)
    done = site()
    assert done.returncode == 0, done.stderr
    html = site.html.read_text("utf-8")
    said = re.sub(r"<script.*?</script>", "", html.partition("<code>")[0], flags=re.S)
    assert not re.search(r"\\[a-z(]|\$[a-z10]|data-drawn|arithmatex", said)
    assert html.count("</math>") == 3 + 11
    for letter in "xyzuvqrstwc":
        assert f"<msup><mi>{letter}</mi>" in html, letter
    assert re.search(r"<figcaption><p>A caption with <[^>]*><math><msup><mi>c", html)
    assert "<title>A width of 10^9 - " in html
    listed = re.findall(r'<span class="md-ellipsis">\s*(.*?)\s*</span>', html, re.S)
    assert "Why √d_k and a&lt;b" in listed and "A width of 10^9" in listed
    index = (site.folder / "site" / "search" / "search_index.json").read_text("utf-8")
    found = {entry["title"]: entry["text"] for entry in json.loads(index)["docs"]}
    assert "x^2" in found["Why √d_k and a&lt;b"] and "A width of 10^9" in found
    assert not re.search(r"\\\\(sqrt|[(])", index)


def test_what_a_program_prints_and_names_is_text(site, edited):
    """A fence, a heading, HTML, an include: in the page and in its copy, after which both go on."""
    said = f'a\n```python\nb\n```\n\n# c\n<b>d</b>\n--8<-- "{SNIPPET}.py"\n~~~\n````\ne'
    more = f"\nprint({said!r})\nword = '<s> *x* |'\nlisted = \"\"\"\n{said}\n\"\"\"\n"
    edited(site.snippet, site.snippet.read_text("utf-8") + more)
    edited(site.page, PAGE + f"\nIt is {{{{ {SNIPPET}.word }}}} here.\n\n## After\n\nThe end.\n")
    done = site("--strict")
    assert done.returncode == 0, done.stderr
    html = site.html.read_text("utf-8")
    boxes = [unescape(re.sub(r"<[^>]+>", "", box)) for box in re.findall(r"<code>(.*?)</code>", html, re.S)]
    assert boxes[0].rstrip() == site.snippet.read_text("utf-8").rstrip(), "the program"
    assert boxes[1].rstrip() == site.book.output(SNIPPET, "txt").read_text("utf-8").rstrip()
    assert "\n# c\n<b>d</b>\n--8<--" in boxes[1] and "<b>d" not in html
    assert re.findall(r"<h([12]) id", html) == ["1", "2"] and "<p>The end.</p>" in html
    assert "It is <s> *x* | here." in unescape(html) and "<s>" not in html
    copy = (site.folder / "site" / site.page.name).read_text("utf-8")
    assert f"\n`````text\n{boxes[1].rstrip()}\n`````\n" in copy and copy.endswith("The end.\n")
    assert "It is &#60;s&#62; &#42;x&#42; &#124; here." in copy


def test_a_killed_build_leaves_the_last_site(site, edited):
    slow = f"{site.snippet.read_text('utf-8')}\nimport time\ntime.sleep(900)\n"
    edited(site.snippet, slow)
    before = site.html.read_bytes()
    process = site.start()
    deadline = time.monotonic() + 600
    while not list((site.folder / ".cache").glob("run/*/*/stderr")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert site.html.read_bytes() == before


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_the_workflow_publishes_what_the_check_built():
    text = (ROOT / ".github" / "workflows" / "book.yml").read_text("utf-8")
    assert "bash .ci/run" in text and "path: site" in text


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_may_do_little_and_run_known_bytes(path):
    """Nothing may be written unless a job says so, and each action is named by its commit."""
    text = path.read_text("utf-8")
    assert re.search(r"^permissions:\n  contents: read\n\n", text, re.M)
    used = re.findall(r"uses: (\S+)", text)
    assert used and all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", one) for one in used)
