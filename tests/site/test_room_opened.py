"""Room for what is folded, and at the edges: as `test_room.py` asks of what stands there at once."""

import pytest

pytest_plugins = ["browser"]

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
# All of them at one visit: each takes most of a second.
ALL = f"""() => [{{broken: ({BROKEN})(), frames: ({FRAMES})(),
  bars: ({BARS})(), cells: document.querySelectorAll(".numbers td").length,
  under: document.querySelectorAll(".output + .computed-by").length}}]"""


@pytest.fixture(scope="module", params=[390, 1280])
def seen(asked, request):
    """What all pages answer on a phone and on a laptop: (width, [(page, answers)])."""
    return request.param, asked(request.param, ALL)


@pytest.mark.parametrize("wide", [360, 720, 768, 960, 1024, 1280])
def test_text_never_touches_the_edge_of_the_window(asked, wide):
    found = asked(wide, MARGINS, "", "parallelism/", "labs/decoder/")
    assert len(found) == 6 and min(room for _, room in found) >= 14


def test_numbers_behind_a_map_and_names_of_its_rows_stand_on_one_line(seen):
    assert [(name, row) for name, one in seen[1] for row in one["broken"]] == []
    assert sum(one["cells"] for _, one in seen[1]) > 2000


def test_the_line_under_an_output_closes_its_frame(seen):
    assert [(name, under) for name, one in seen[1] for under in one["frames"]] == []
    assert sum(one["under"] for _, one in seen[1]) > 100


def test_a_printed_table_is_a_table_or_columns(seen):
    assert [(name, text) for name, one in seen[1] for text in one["bars"]] == []
