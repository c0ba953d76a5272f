"""The built site, page by page, as files: links, names, headings. And that faults are seen."""

import pytest

from scripts.base import ROOT
from scripts.measure import audit

pytest_plugins = ["browser"]
HEAD = (
    '<html lang="en"><head><meta name="description" content="a"><meta name="viewport" content="b">'
    '<meta property="og:title" content="c"><meta property="og:description" content="d"></head>'
)


def test_every_page_is_well_made(built):
    pages = audit.addresses(ROOT / "site")
    assert len(pages) >= 28
    wrong = [f"{page}: {one}" for page in pages for one in audit.faults(ROOT / "site", page)]
    assert not wrong


def test_no_listing_ends_too_early(built):
    """A fence inside a listing would end it: the rest, and the next fence, would be prose."""
    for page in audit.addresses(ROOT / "site"):
        text = (ROOT / "site" / page / "index.html").read_text("utf-8")
        assert "```{ ." not in text, page


@pytest.mark.parametrize(
    "body, said",
    [
        ("<h1>a</h1>", None),
        ('<h1 id="b">a</h1><a href="#b">x</a><a href="https://example.org">y</a><br>', None),
        ("<h1>a</h1><h3>b</h3>", "a heading of level 3 follows one of level 1"),
        ("<h2>a</h2>", "has 0 headings of the first level"),
        ('<h1>a</h1><a href="../no/">x</a>', "leads to ../no/, which is not there"),
        ('<h1>a</h1><a href="#no">x</a>', "leads to #no: no such place there"),
        ('<h1>a</h1><img src="index.html">', "a picture without a name: index.html"),
        ('<h1>a</h1><svg role="img"><path/></svg>', "a drawing without a name"),
        ('<h1 id="b">a</h1><p id="b">c</p>', "the name #b stands twice"),
        ("<h1>a</h1><div><section></div>", "<section> is not closed before </div>"),
        ('<h1 onclick="x()">a</h1>', "code in an attribute: onclick"),
        ("<h1>a</h1><p>b<ul></ul></p>", "<ul> inside a paragraph, which ends before it"),
        ('<h1>a</h1><a href="#"><button>b</button></a>', "<button> inside another thing to press"),
        ('<h1 tabindex="">a</h1>', "tabindex is no number: <h1>"),
        ('<h1 tabindex="-1">a</h1>', None),
        ('<h1 title="a" title="b">a</h1>', "<h1> has an attribute twice"),
    ],
)
def test_faults_are_seen(tmp_path, body, said):
    (tmp_path / "index.html").write_text(f"{HEAD}<body>{body}</body></html>")
    assert list(audit.faults(tmp_path, "")) == ([said] if said else [])
    audit.read.cache_clear()


def test_what_a_page_must_say(tmp_path):
    (tmp_path / "index.html").write_text('<html lang=""><body><h1>a</h1></body></html>')
    said = list(audit.faults(tmp_path, ""))
    assert said[0] == "says no description" and len(said) == 5
    audit.read.cache_clear()


@pytest.mark.parametrize("page", ["decoding/", "labs/decoding/"])
def test_code_that_is_not_drawn_yet_is_reached_by_keyboard(built, browser, page):
    """Below the screen the page guesses which code is wider than its box: one in a task too."""
    laid, tab = (browser.new_page(viewport={"width": 360, "height": 780}) for _ in range(2))
    all_code = "[...document.querySelectorAll('.highlight code')]"
    for one in (laid, tab):
        one.goto((ROOT / "site" / page / "index.html").as_uri())
    laid.add_style_tag(content=audit.ALL)
    wide = laid.evaluate(f"{all_code}.map((box) => box.scrollWidth > box.clientWidth + 1)")
    folded = "box.closest('details:not([open])')"  # nobody comes there by Tab; it is asked when it opens
    asked = f"(wide) => {all_code}.every((box, i) => {folded} || (box.tabIndex === 0) === wide[i])"
    tab.wait_for_function(asked, arg=wide)
    later = tab.evaluate(f"{all_code}.filter((box) => !{folded} && !box.checkVisibility({{contentVisibilityAuto: true}})).length")
    assert later > 5 and any(wide) and not all(wide)
    for one in (laid, tab):
        one.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    wide = laid.evaluate(f"{all_code}.map((box) => box.scrollWidth > box.clientWidth + 1)")
    tab.wait_for_function(asked, arg=wide)
    laid.close()
    tab.close()


@pytest.mark.parametrize(
    "grades, said",
    [([0.91, 1, 0.98], (0.98, 0.91, 1)), ([0.9, 0.8], (0.8, 0.8, 0.9)), ([None], (0, 0, 0))],
)
def test_one_slow_run_of_lighthouse_is_not_the_grade(grades, said):
    results = [{"categories": {"performance": {"score": grade}}} for grade in grades]
    told, least, best = audit.middle(results)
    assert (told["categories"]["performance"]["score"] or 0, least, best) == said
