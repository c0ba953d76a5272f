"""Figures with a slider: every position of every one on the built site, by keys, and without the script."""

import functools
import re

import pytest
from browser import tab_to
from playwright.sync_api import expect

from scripts.base import ROOT
from scripts.measure import audit

pytest_plugins = ["browser"]

SITE = ROOT / "site"
FIGURE = "figure.computed:has(> .slider)"
WITHOUT = re.compile(
    r'<figure class="computed" id="([^"]*)"[^>]*>(<svg(?:(?!</figure>).)*</svg>)\s*<p class="slider"[^>]*>(.*?)</p>', re.S
)
STYLED = """(style) => document.head.append(Object.assign(document.createElement("style"), {textContent: style}))"""
LAID = f"{FIGURE} {{ content-visibility: visible !important }}"
MOVED = """() => {
  window.moved = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((one) => (window.moved += one.value)))
    .observe({type: "layout-shift"});
}"""
# Goes through all positions of the sliders and gives what each shows and says, and how high all is.
SLID = """(selector) => [...document.querySelectorAll(selector)].map((figure) => {
  const input = figure.querySelector(".slider input");
  const positions = [...Array(+input.max + 1).keys()].map((i) => {
    input.value = i;
    input.dispatchEvent(new Event("input"));
    const drawing = figure.querySelector("svg");
    return {
      valued: input.getAttribute("aria-valuetext"), alt: drawing.getAttribute("aria-label"),
      heard: figure.querySelector("[role=status]").textContent,
      says: figure.querySelector(".slider output").textContent, inside: drawing.innerHTML,
      high: figure.getBoundingClientRect().height, page: document.documentElement.scrollHeight,
      wide: document.documentElement.scrollWidth, maps: figure.dataset.maps ?? "",
      file: figure.querySelector(".made-by a[href$='.svg']").href,
    };
  });
  return {id: figure.id, positions};
})"""


def text_of(page: str) -> str:
    return (SITE / page / "index.html").read_text("utf-8")


@functools.cache
def pages() -> list[str]:
    """The pages that have a slider, in the language in which it is asked."""
    return [page for page in audit.english(SITE) if '<p class="slider"' in text_of(page)]


@pytest.fixture(scope="module")
def sliders(book):
    """The id of each figure with a slider → the snippet, and what it left."""
    outcomes = {name: book.outcome(name) for name in book.names()}
    return {name.replace("/", "-"): (name, one.slider) for name, one in outcomes.items() if one and one.slider}


def drawn(svg: str) -> list[str]:
    """The words in a drawing, in their order."""
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


def test_a_reader_without_the_script_gets_the_first_position(browser, site_server, book, sliders, says):
    says("Without JavaScript, on paper and in the zip stands the middle one", page="contributing")
    lines, seen = {}, set()
    for id, (_, slider) in sliders.items():
        ats = [one["at"] for one in slider["positions"]]
        lines[id] = f"{slider['name']} {ats[slider['shown']]} one of {len(ats)}, from {ats[0]} to {ats[-1]}"
    for page in pages():
        copy = (SITE / f"{page.rstrip('/')}.md").read_text("utf-8")
        for id, svg, line in WITHOUT.findall(text_of(page)):
            name, _ = sliders[id]
            assert drawn(svg) == drawn(book.figure(name).read_text("utf-8")) and f"figures/{name}.svg" in copy
            assert re.sub(r"<[^>]*>", "", line) == lines[id]
            seen.add(id)
    assert seen == {*sliders}, "each stands on a page"
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{site_server.url}decoding/")
    tab.evaluate(STYLED, audit.ALL)
    figures = tab.locator(FIGURE).all()
    assert len(figures) == 2
    for figure in figures:
        assert figure.locator("svg").count() == 1 and figure.locator("input").count() == 0
        assert " ".join(figure.locator(".slider").inner_text().split()) == lines[figure.get_attribute("id")]
    context.close()


def test_each_position_is_shown_and_said_and_nothing_moves(browser, site_server, book, sliders):
    tab = browser.new_page()
    for page in pages():
        asked = []
        tab.set_viewport_size({"width": 1280, "height": 800})
        tab.goto(site_server.url + page, wait_until="load")
        tab.add_style_tag(content=LAID)
        tab.on("request", lambda one, asked=asked: asked.append(one.url))
        both = tab.evaluate(SLID, FIGURE)
        tab.set_viewport_size({"width": 360, "height": 800})
        for found in [*both, *tab.evaluate(SLID, FIGURE)]:
            name, slider = sliders[found["id"]]
            assert len(found["positions"]) == len(slider["positions"])
            for number, (shown, one) in enumerate(zip(found["positions"], slider["positions"])):
                first = number == slider["shown"]
                svg = book.figure(name).read_text("utf-8") if first else one["svg"]
                file = f"figures/{name}.svg" if first else f"figures/{name}.{number}.svg"
                assert drawn(shown["inside"]) == drawn(svg), (name, one["at"])
                assert shown["valued"] == f"{slider['name']} {one['at']}" and shown["says"] == one["at"]
                assert shown["alt"] == shown["heard"]
                assert first or shown["alt"] == f"{slider['name']} = {one['at']}: {one['says']}"
                assert not shown["maps"] or shown["maps"].startswith(f"{slider['name']} {one['at']}")
                assert shown["file"] == site_server.url + file and drawn((SITE / file).read_text("utf-8")) == drawn(svg)
            for same in "high", "page", "wide":
                assert len({shown[same] for shown in found["positions"]}) == 1, (name, same)
        assert not [one for one in asked if "search" not in one and "woff" not in one and "sitemap" not in one]
    tab.close()


def test_by_keys_and_back_on_paper(browser, site_server, violations):
    """The slider is where Tab leads, its value is spoken, and the first position is printed."""
    tab = browser.new_page(viewport={"width": 360, "height": 800}, color_scheme="dark")
    tab.goto(f"{site_server.url}decoding/", wait_until="networkidle")
    tab.add_style_tag(content=audit.ALL)
    figure = tab.locator("#decoding-temperature")
    slider = figure.get_by_role("slider", name="temperature")
    slider.scroll_into_view_if_needed()
    tab.evaluate(MOVED)
    tab.locator("#temperature").evaluate("one => (one.tabIndex = -1, one.focus())")
    tab_to(tab, slider)
    tab.keyboard.press("ArrowLeft")
    expect(slider).to_have_attribute("aria-valuetext", "temperature 0.7")
    expect(figure.locator("[role=status]")).to_contain_text("temperature = 0.7: “it” gets")
    tab.keyboard.press("End")
    expect(figure.locator(".slider output")).to_have_text("3.0")
    assert not violations(tab, "#decoding-temperature")
    assert tab.evaluate("window.moved") == 0
    tab.emulate_media(media="print")
    expect(figure.locator(".slider output")).to_have_text("1.0")
    expect(slider).not_to_be_visible()
    tab.emulate_media(media="screen")
    expect(figure.locator(".slider output")).to_have_text("3.0")
    tab.close()


def test_a_map_answers_in_each_position(browser, site_server, book):
    """Its rows, its folded numbers and its file of numbers are those of the position that is shown."""
    tab = browser.new_page(viewport={"width": 1280, "height": 800})
    tab.goto(f"{site_server.url}encoder/", wait_until="networkidle")
    tab.add_style_tag(content=audit.ALL)
    figure = tab.locator("#encoder-attention_map")
    figure.locator(".row-pick").focus()
    tab.keyboard.press("Home")
    figure.locator("summary").click()
    maps = []
    for head in 1, 7:
        figure.get_by_role("slider", name="head").fill(str(head - 1))
        (drawn,) = book.outcome("encoder/attention_map").slider["positions"][head - 1]["maps"]
        cells = figure.locator("table.numbers tbody tr").first.locator("td").all_inner_texts()
        assert cells == [f"{value:.2f}" for value in drawn["values"][0]]
        figure.locator(".row-pick").focus()
        tab.keyboard.press("Home")
        told = figure.locator(".row-pick").get_attribute("aria-valuetext")
        best = max(zip(drawn["values"][0], drawn["columns"]))
        assert told.startswith(f"head {head}: “[CLS]” looks at {best[1]} {best[0]:.2f}")
        assert figure.locator(".row-frame").count() == 1
        maps.append(cells)
    assert maps[0] != maps[1]
    lines = (SITE / "figures/encoder/attention_map.csv").read_text("utf-8").splitlines()
    assert len(lines) == 1 + 12 * 144 and lines[1].startswith('"head = 1: ')
    tab.close()
