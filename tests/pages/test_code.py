"""Boxes of code say how much room they need, and printed lines are read on a phone."""

import ast
import re

import pytest

from scripts.base import ROOT
from scripts.pages import code

pytest_plugins = ["browser"]


def box(kind: str, text: str) -> str:
    return f'<div class="{kind}highlight"><pre><span></span><code>{text}\n</code></pre></div>'


@pytest.mark.parametrize(
    "kind, text, broken",
    [
        ("output ", "one line", "1"),
        ("output ", "", "1"),
        ("output ", "continues:\n" + "The robot watered the sunflowers because " * 2, "3"),
        ("language-text ", "a&lt;b " * 20, "2"),
        ("output ", "layer      1      2\nnorm  1.0  2.0", None),
        ("output ", "  begins further in", "1"),
        ("", "a = 1", None),
        ("language-python ", "a = 1", None),
    ],
)
def test_printed_lines_that_stand_in_no_columns_are_broken_on_a_phone(kind, text, broken):
    opening = code.ready(box(kind, text)).split("<pre>")[0]
    assert ("wraps" in opening) == (broken is not None)
    found = re.search(r"--broken:(\d+)", opening)
    assert (found and found[1]) == broken


def broken_by_themselves(program: str):
    """The longest lines that a program breaks its texts into, each with what stands before them."""
    calls = [one for one in ast.walk(ast.parse(program)) if isinstance(one, ast.Call)]
    named = [(ast.unparse(one.func).rpartition(".")[2], one) for one in calls]
    further = {id(one.args[0]): len(one.args[1].value) for name, one in named if name == "indent"}
    for name, one in named:
        if name in ("fill", "wrap"):
            width = [*one.args[1:2], *(word.value for word in one.keywords if word.arg == "width")]
            yield width[0].value + further.get(id(one), 0)


def test_lines_that_a_program_breaks_are_not_broken_again_on_a_phone():
    found = {}
    for path in [*(ROOT / "snippets").rglob("*.py"), *(ROOT / "docs" / "labs").glob("*.py")]:
        program = path.read_text("utf-8")
        if re.search(r"\b(?:from|import) textwrap\b", program):
            found[path.name] = [*broken_by_themselves(program)]
    assert sum(map(len, found.values())) > 10
    assert {name: wide for name, wide in found.items() if max(wide, default=0) > code.PHONE} == {}


@pytest.mark.parametrize("phone", [True, False])
def test_what_the_first_page_prints_needs_no_moving_sideways(tour, phone):
    page = tour("", phone=phone)
    printed = page.locator(".output.wraps code").first
    printed.scroll_into_view_if_needed()
    lines, letters, line, high, hidden, stop, further = printed.evaluate(
        """box => {
          const style = box.closest(".highlight").style, look = getComputedStyle(box);
          const read = (name) => Number(style.getPropertyValue(name));
          return [read("--lines"), read("--letters"), parseFloat(look.lineHeight),
            box.clientHeight - parseFloat(look.paddingTop) - parseFloat(look.paddingBottom),
            box.scrollWidth - box.clientWidth, box.tabIndex,
            parseFloat(look.textIndent) / parseFloat(look.fontSize)];
        }"""
    )
    assert letters > code.PHONE and hidden <= 1 and stop == -1
    assert (round(high / line) > lines) == phone  # broken there, and only there
    assert (further > 0.6 * 2) == phone  # the rest begins behind a line that two spaces move in
