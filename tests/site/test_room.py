"""Room on the page: what belongs together stands together, and what does not stands apart."""

import pytest

from scripts.base import ROOT
from scripts.measure import audit

pytest_plugins = ["browser"]
SITE = ROOT / "site"

# Where hiding the way back, which nobody sees yet, makes a footnote lower: an empty line.
EMPTY = """() => [...document.querySelectorAll(".footnote li")].filter((note) => {
  const high = note.offsetHeight, back = note.querySelector(".footnote-backref");
  back.style.display = "none";
  const without = note.offsetHeight;
  back.style.display = "";
  return without < high;
}).map((note) => note.innerText.slice(0, 60))"""
# What stands outside of what is drawn of the footnotes, if that is drawn late: ways back, and numbers.
CUT = """() => [...document.querySelectorAll(".footnote li")].flatMap((note, i) => {
  const box = note.closest(".footnote").getBoundingClientRect();
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = getComputedStyle(note).font;
  const number = note.getBoundingClientRect().left - pen.measureText(`${i + 1}. `).width;
  const back = note.querySelector(".footnote-backref").getBoundingClientRect();
  return [...(number < box.left ? [`${i + 1}.`] : []),
    ...(back.right > box.right + 0.5 ? [`way back of ${i + 1}`] : [])];
})"""
# The mark of a page in English is some 13 px wide, the shortest last word with it more than 20.
ALONE = """() => [...document.querySelectorAll(".md-content [hreflang=en]")]
  .filter((one) => one.getClientRects().length > 1 && [...one.getClientRects()].at(-1).width < 17)
  .map((one) => one.textContent)"""
# Pixels between the texts of cells side by side, in tables of small letters with at most five columns.
APART = """() => [...document.querySelectorAll("[data-close] tbody tr")]
  .filter((row) => row.cells.length < 6).flatMap((row) => {
  const texts = [...row.cells].map((cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return [...range.getClientRects()];
  });
  return texts.slice(1).flatMap((right, i) => texts[i].length && right.length ? [
    [Math.min(...right.map((one) => one.left)) - Math.max(...texts[i].map((one) => one.right)),
     row.innerText]] : []);
})"""


@pytest.mark.parametrize("wide", [360, 390, 1280])
def test_no_footnote_ends_with_an_empty_line(asked, wide):
    assert asked(wide, EMPTY) == []


@pytest.mark.parametrize("wide", [360, 1280])
def test_numbers_of_footnotes_and_ways_back_are_drawn_wholly(asked, wide):
    """Browsers cut what `content-visibility: auto` holds at its box."""
    assert asked(wide, CUT) == []
    many = asked(wide, '() => [document.querySelectorAll(".footnote li").length]', "parallelism/")
    assert many[0][1] > 15, "numbers of two digits"


@pytest.mark.parametrize("wide", [360, 390, 1280])
def test_the_mark_of_a_page_in_english_stands_beside_a_word(asked, wide):
    pages = [name for name in audit.addresses(SITE) if name.startswith("pt/")]
    assert len(pages) > 2 and asked(wide, ALONE, *pages) == []


def test_numbers_side_by_side_are_two_columns_on_a_phone(asked):
    """A space in these letters is 4 px wide."""
    found = asked(360, APART)
    assert len(found) > 100
    assert [(name, apart, row) for name, (apart, row) in found if apart < 9] == []
