"""What is folded, once it is opened; and what is cut at the side says so."""

import io
import re
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from scripts.base import ROOT
from scripts.measure import audit

pytest_plugins = ["browser"]

SITE = ROOT / "site"
OPEN = """async () => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  for (let i = 0; i < 3; i++) await new Promise((go) => requestAnimationFrame(go));
}"""
# Titles of the tables of numbers that are out of sight, at either end of what can be moved sideways.
TABLES = """() => [...document.querySelectorAll("details.numbers table")].flatMap((table) => {
  const frame = table.closest(".md-typeset__scrollwrap"), faults = [];
  if (table.caption) for (const at of [0, table.scrollWidth]) {
    frame.scrollLeft = at;
    const range = new Range();
    range.selectNodeContents(table.caption);
    const [words, seen] = [range, frame].map((one) => one.getBoundingClientRect());
    if (words.left < seen.left - 1 || words.right > seen.right + 1)
      faults.push(`${table.caption.textContent}: out of sight at ${at}`);
  }
  return faults;
})"""


def test_tables_of_numbers_have_their_title_in_sight(browser, site_server):
    faults, tables = [], 0
    with browser.new_page() as page:
        for address in audit.addresses(SITE):
            if '<details class="numbers"' not in (SITE / address / "index.html").read_text("utf-8"):
                continue
            page.goto(site_server.url + address)
            for wide in (360, 1280):
                page.set_viewport_size({"width": wide, "height": 800})
                page.evaluate(OPEN)
                faults += [f"{address}, {wide} wide: {one}" for one in page.evaluate(TABLES)]
            tables += page.evaluate("document.querySelectorAll('details.numbers table').length")
    assert tables > 50 and faults == []


def shades(page, scroll: int) -> int:
    """How much the last pixels of a box at the right differ from those before, where no letters are."""
    box = page.locator("#box code")
    box.evaluate("(one, at) => { one.scrollLeft = at }", scroll)
    with Image.open(io.BytesIO(box.screenshot())) as picture:
        pixels = np.asarray(picture.convert("L"), dtype=int)[1:4]
    return int(np.abs(pixels[:, -1] - pixels[:, -12]).max())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["highlight", "highlight output"])
def test_code_that_goes_on_at_the_side_has_an_edge_there(browser, site_server, scheme, kind):
    """A phone draws no scroll bar, and a cut between two columns looks like an end."""
    with browser.new_page(viewport={"width": 390, "height": 800}, color_scheme=scheme) as page:
        page.goto(site_server.url + "decoding/")
        page.evaluate(
            """([kind, text]) => {
              const box = document.createElement("div");
              [box.id, box.className] = ["box", kind];
              box.innerHTML = `<pre><code>${text}</code></pre>`;
              document.querySelector("article h1").after(box);
            }""",
            [kind, "steps back        0        1        8       32       64"],
        )
        assert shades(page, 0) > 8
        assert shades(page, 9999) < 3
        page.evaluate("document.querySelector('#box code').textContent = 'short'")
        assert shades(page, 0) < 3


def test_a_cell_says_the_same_in_the_drawing_and_in_the_table(built):
    """0.475, rounded from 0.47502, was 0.48 in the one and 0.47 in the other."""
    compared = 0
    for address in audit.addresses(SITE):
        text = (SITE / address / "index.html").read_text("utf-8")
        for figure in re.findall(r'<figure class="computed".*?</figure>', text, re.S):
            drawing, _, tables = figure.partition("</svg>")
            drawn = re.findall(r">\s*([-−]?\d\.\d\d)\s*<", drawing)
            said = re.findall(r"<td>(-?\d\.\d\d)</td>", tables)
            if said and len(drawn) >= len(said):
                assert Counter(one.replace("−", "-") for one in drawn) == Counter(said), figure[:80]
                compared += 1
    assert compared > 5
