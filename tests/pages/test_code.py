"""Boxes of code say how much room they need, and printed lines are read on a phone."""

import re

import pytest

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


@pytest.mark.parametrize("phone", [True, False])
def test_what_the_first_page_prints_needs_no_moving_sideways(tour, phone):
    page = tour("", phone=phone)
    printed = page.locator(".output.wraps code").first
    printed.scroll_into_view_if_needed()
    lines, letters, line, high, hidden, stop = printed.evaluate(
        """box => {
          const style = box.closest(".highlight").style, look = getComputedStyle(box);
          const read = (name) => Number(style.getPropertyValue(name));
          return [read("--lines"), read("--letters"), parseFloat(look.lineHeight),
            box.clientHeight - parseFloat(look.paddingTop) - parseFloat(look.paddingBottom),
            box.scrollWidth - box.clientWidth, box.tabIndex];
        }"""
    )
    assert letters > code.PHONE and hidden <= 1 and stop == -1
    assert (round(high / line) > lines) == phone  # broken there, and only there
