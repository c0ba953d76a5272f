"""The notes at the end of a chapter: no line of them seems empty, and none makes a page wider."""

import pytest

from scripts.measure import audit

pytest_plugins = ["browser"]
PAGES = ["the_paper/", "architecture/", "input_representation/", "encoder/", "why_transformers/"]

# Of each note with one way back, which shows only when it is asked for: what stands before it, and
# how far below the last line of the words its top is.
LOW = """() => [...document.querySelectorAll(".footnote li")].flatMap((note) => {
  const ways = note.querySelectorAll(".footnote-backref");
  if (ways.length !== 1) return [];
  const words = document.createRange();
  words.setStart(note, 0);
  words.setEndBefore(ways[0]);
  const bottom = Math.max(...[...words.getClientRects()].map((line) => line.bottom));
  return [[note.id, ways[0].getBoundingClientRect().top - bottom]];
})"""


@pytest.mark.parametrize("wide", [320, 360, 390, 1280])
def test_no_line_of_a_note_holds_its_hidden_way_back_alone(browser, site_server, wide):
    seen = {}
    with browser.new_page(viewport={"width": wide, "height": 800}) as tab:
        for page in PAGES:
            tab.goto(site_server.url + page)
            tab.add_style_tag(content=audit.ALL)
            seen |= {f"{page}#{note}": below for note, below in tab.evaluate(LOW)}
            spare = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert tab.evaluate(spare) <= 0, page
    assert len(seen) > 40
    assert [note for note, below in seen.items() if below > -4] == []
