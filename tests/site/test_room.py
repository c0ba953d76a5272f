"""Room on the page: what belongs together stands together, and what does not stands apart.

Also in what is folded, and at the edges.
"""

import pytest

pytest_plugins = ["browser"]

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
# Pixels between the text and the window, to the left and to the right.
MARGINS = """() => {
  const {left, right} = document.querySelector(".md-content__inner").getBoundingClientRect();
  return [left, document.documentElement.clientWidth - right];
}"""
# Cells of the numbers behind a map, and names of its rows, that take more than one line.
BROKEN = """() => [...document.querySelectorAll(".numbers tbody :is(td, th)")].filter((cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return new Set([...range.getClientRects()].map((one) => Math.round(one.top))).size > 1;
}).map((cell) => cell.closest("tr").innerText)"""
# The line under an output that is narrower than it, or has no room below its letters.
FRAMES = """() => [...document.querySelectorAll(".output + .computed-by")].filter((under) => {
  const above = under.previousElementSibling.getBoundingClientRect();
  const {left, right} = under.getBoundingClientRect();
  return Math.abs(left - above.left) + Math.abs(right - above.right) > 2
    || parseFloat(getComputedStyle(under).paddingBottom) < 4;
}).map((under) => under.closest(".question, details, article").innerText.slice(0, 60))"""
# Tables that are shown as they were printed, bars and all.
BARS = """() => [...document.querySelectorAll(".output code")].map((code) => code.textContent)
  .filter((text) => /^[|](:?-+:?[|])+$/m.test(text))"""
# Of tables of small letters, of tables that a phone cannot show, of cells that name their column, and of
# names in code: how they look, what is out of sight, the names, and what stands on two lines.
CLOSE = """() => [...document.querySelectorAll("[data-close]")].map((one) =>
  [getComputedStyle(one).display, parseFloat(getComputedStyle(one).fontSize), one.className])"""
WIDE = """() => [...document.querySelectorAll("article .md-typeset__scrollwrap")]
  .filter((one) => one.querySelector("table.plain") && one.scrollWidth > one.clientWidth)
  .map((one) => one.innerText.slice(0, 60))"""
LABELS = """() => [...document.querySelectorAll("[data-label]")]
  .map((one) => getComputedStyle(one, "::before").content.slice(1, -1))"""
TORN = """() => [...document.querySelectorAll("article :is(p, li) > code")]
  .filter((one) => one.checkVisibility() && one.textContent.length <= 28)
  .filter((one) => one.getClientRects().length > 1).map((one) => one.textContent)"""
# Parts of a table that are laid out as something else and do not say what they are.
HEARD = """() => [...document.querySelectorAll("table[data-stacked]")].flatMap((table) =>
  [table, ...table.querySelectorAll("thead, tbody, tr, th, td")].filter((one) =>
    getComputedStyle(one).display.startsWith("table") === false && !one.hasAttribute("role")))
  .map((one) => one.outerHTML.slice(0, 60))"""
# What is seen of a heading: no hand over it, and no sign, as over what can be sorted.
PLAIN = """() => {
  const one = document.querySelector("table[data-stacked] th[role=columnheader]");
  return one ? [getComputedStyle(one).cursor, getComputedStyle(one, "::after").content] : [];
}"""
# All of them at one visit: the pages are many.
ALL = f"""() => [{{empty: ({EMPTY})(), cut: ({CUT})(), alone: ({ALONE})(), apart: ({APART})(),
  broken: ({BROKEN})(), frames: ({FRAMES})(), bars: ({BARS})(),
  heard: ({HEARD})(), plain: ({PLAIN})(), torn: ({TORN})(), labels: ({LABELS})(), close: ({CLOSE})(),
  wide: [...({WIDE})(), ...(document.documentElement.scrollWidth > innerWidth ? ["the page"] : [])],
  stacked: document.querySelectorAll("table[data-stacked]").length,
  cells: document.querySelectorAll(".numbers td").length,
  notes: document.querySelectorAll(".footnote li").length,
  under: document.querySelectorAll(".output + .computed-by").length}}]"""
WIDTHS = [360, 390, 1280]


@pytest.fixture(scope="module")
def seen(asked):
    """seen[360] → [(page, what it answers at this width)], of all pages."""
    return asked(WIDTHS, ALL)


def faults(found: list, name: str) -> list:
    return [(page, fault) for page, one in found for fault in one[name]]


@pytest.mark.parametrize("wide", WIDTHS)
def test_no_footnote_ends_with_an_empty_line(seen, wide):
    assert faults(seen[wide], "empty") == []
    assert sum(one["notes"] for _, one in seen[wide]) > 100


@pytest.mark.parametrize("wide", [360, 1280])
def test_numbers_of_footnotes_and_ways_back_are_drawn_wholly(seen, wide):
    """Browsers cut what `content-visibility: auto` holds at its box."""
    assert faults(seen[wide], "cut") == []
    assert dict(seen[wide])["parallelism/"]["notes"] > 15, "numbers of two digits"


@pytest.mark.parametrize("wide", WIDTHS)
def test_the_mark_of_a_page_in_english_stands_beside_a_word(seen, wide):
    pages = [(page, one) for page, one in seen[wide] if page.startswith("pt/")]
    assert len(pages) > 2 and faults(pages, "alone") == []


def test_numbers_side_by_side_are_two_columns_on_a_phone(seen):
    """A space in these letters is 4 px wide."""
    found = faults(seen[360], "apart")
    assert len(found) > 100
    assert [(name, apart, row) for name, (apart, row) in found if apart < 9] == []


def test_text_never_touches_the_edge_of_the_window(asked):
    widths = [360, 720, 768, 960, 1024, 1280]
    for wide, found in asked(widths, MARGINS, "", "parallelism/", "labs/decoder/").items():
        assert len(found) == 6 and min(room for _, room in found) >= 14, wide


@pytest.mark.parametrize("wide", [390, 1280])
def test_numbers_behind_a_map_and_names_of_its_rows_stand_on_one_line(seen, wide):
    assert faults(seen[wide], "broken") == []
    assert sum(one["cells"] for _, one in seen[wide]) > 2000


@pytest.mark.parametrize("wide", [390, 1280])
def test_the_line_under_an_output_closes_its_frame(seen, wide):
    assert faults(seen[wide], "frames") == []
    assert sum(one["under"] for _, one in seen[wide]) > 100


@pytest.mark.parametrize("wide", [390, 1280])
def test_a_printed_table_is_a_table_or_columns(seen, wide):
    assert faults(seen[wide], "bars") == []


def test_no_part_of_a_table_is_laid_out_as_something_else_and_says_nothing(seen):
    stacked = [(page, one) for page, one in seen[360] if one["stacked"]]
    assert sum(one["stacked"] for _, one in stacked) > 10 and faults(stacked, "heard") == []
    for page, one in stacked:
        assert one["plain"] == ["auto", "none"], f"{page}: it cannot be sorted"


def test_a_phone_shows_every_column_and_no_name_in_two_parts(seen):
    """The text is about a table's last column as often as about its first. (Maps may scroll.)"""
    close = [one for _, one in faults(seen[360], "close")]
    assert len(close) > 20, "tables of numbers stand side by side"
    assert all(display == "table" and size >= 11 and name == "plain" for display, size, name in close)
    assert faults(seen[360], "wide") == [] and faults(seen[360], "torn") == []
    labels = faults(seen[360], "labels")
    assert len(labels) > 100 and all(label for _, label in labels)
