"""Chromium, Firefox and WebKit on the built site: a smoke set of what `python -m scripts engines` does.

`python -m scripts engines` goes through every page and every widget; that takes longer.
"""

import json
import os
import sys

import pytest

from scripts.base import ROOT
from scripts.measure import audit, axe, browsers, engines
from scripts.measure.browsers import keys, looking, naming, widgets
from scripts.measure.browsers.serving import SITE
from scripts.pages import formulas

pytest_plugins = ["browser"]

PAGES = ("", "self_attention/", "labs/decoder/", "playground/")
# Without the chat, and without what hears: its encoder takes seconds in each engine.
SMOKE = ("tokenizer", "by_hand", "bits", "attention", "similarity", "translate", "training", "next_token", "lens", "heads_off", "decoding")


def started(name: str, request):
    """The engine; where it is missing, no test, but a failure where CI runs and can install it."""
    why = browsers.missing(name)
    if why and not (os.environ.get("CI") and sys.platform == "linux"):
        pytest.skip(why)
    assert not why, why
    running = request.getfixturevalue("browser") if name == "chromium" else None
    return browsers.start(name, running)


@pytest.fixture(scope="module", params=browsers.ENGINES)
def engine(request):
    made = started(request.param, request)
    yield made
    made.close()


ANSWERS: dict[str, dict[str, list[str]]] = {}  # engine → what its widgets said on the first visit


@pytest.fixture(scope="module")
def said(engine, site_server):
    """What the widgets answer in this engine, which has then been there once."""
    looking.errors(engine, site_server)
    ANSWERS[engine.name] = widgets.answers(engine, site_server, SMOKE)
    return ANSWERS[engine.name]


@pytest.fixture(scope="module")
def said_by_chromium(request, said, site_server):
    """The same in Chromium, which other tests hold to PyTorch's numbers."""
    if "chromium" not in ANSWERS:  # it was not asked for
        chromium = started("chromium", request)
        ANSWERS["chromium"] = widgets.answers(chromium, site_server, SMOKE)
        chromium.close()
    return ANSWERS["chromium"]


def none(faults) -> None:
    """Asserts that there is no fault, and else shows them all."""
    found = [one for one in faults if one]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_and_fits(engine, site_server, page):
    none(looking.look(engine, site_server, page))


@pytest.mark.parametrize("page", ["self_attention/", "architecture/"])
def test_formulas_are_drawn(engine, site_server, page):
    measured = list(looking.formulas(engine, site_server, page))
    assert len(measured) == (SITE / page / "index.html").read_text("utf-8").count("<math")
    none(measured)


# In a row of a formula: how many thin spaces lie between each two parts, but beside signs.
THIN = """
const box = document.createElement("div");
document.querySelector("article").append(box);
return arguments[0].map((math) => {
  box.innerHTML = math;
  box.firstChild.style.fontSize = "100px";
  const signs = (one) => one.matches("mspace, mo:not([movablelimits])");
  const row = [...box.querySelector("math > mrow").children];
  return row.slice(1).map((one, at) => signs(one) || signs(row[at]) ? "sign" : Math.round(
    (one.getBoundingClientRect().left - row[at].getBoundingClientRect().right) / 16.67));
});
"""
SPACED = {
    r"a b": [0],
    r"\text{f}(x)\left[\frac{1}{2}\right]^2 W": [0, 1, 1],  # Firefox leans back from a slanted f
    r"a\sum_i x_i = \sum_i y_i": [1, 1, "sign", "sign", 1],
    r"A = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} B": ["sign", "sign", 1],
    r"\frac{1}{m} \sum_{i=1}^n \log p": [1, 1, 0],
    r"\log \sum_i x_i": [0, 1],
    r"a \sum x": [1, 1],
    r"\tfrac{1}{2} \log x": [1, 0],
    r"(a) \log x": [1, 0],
    r"\max_i \left( a \right) \, b": [1, "sign", "sign"],
}


@pytest.mark.parametrize("block", [False, True])
def test_thin_spaces_stand_where_tex_sets_them(engine, site_server, block):
    drawn = formulas.draw({(tex, block) for tex in SPACED}, ROOT)
    engine.size(1280, 800)
    engine.open(f"{site_server.url}self_attention/")
    assert engine.js(THIN, [drawn[tex, block]["math"] for tex in SPACED]) == [*SPACED.values()]


# The letters of the two fractions, beside those around them; lines that lie farther apart than others.
SMALL = """
const size = (one) => parseFloat(getComputedStyle(one).fontSize);
return [...document.querySelectorAll("math:not([display]) mfrac")].map((one) =>
  size(one.firstElementChild) / size(one));
"""
LINES = """
const one = document.createElement("p");
document.querySelector("article").prepend(one);
return ["plain", "<em>slanted</em>", "<cite>slanted</cite>", "<strong>bold</strong>"].map((text) => {
  one.innerHTML = `plain ${text}<br>plain ${text}`;
  return Math.round(one.getBoundingClientRect().height);
});
"""


def test_in_a_line_of_text_a_fraction_is_small_and_no_letters_move_a_line(engine, site_server):
    engine.size(1280, 800)
    engine.open(f"{site_server.url}adapting/")
    sizes = engine.js(SMALL)
    assert sizes and all(0.7 < size < 0.8 for size in sizes), sizes
    plain, *others = engine.js(LINES)
    assert others == [plain] * 3


# The first that is asked for, in the middle of the screen at night: what is in sight of it, and only it.
AT_NIGHT = """
const style = document.createElement("style");
style.textContent = arguments[1];
document.head.append(style);
const one = document.querySelector(arguments[0]);
one.scrollIntoView({block: "center", behavior: "instant"});
return new Promise((then) => requestAnimationFrame(() => setTimeout(() => {
  const {left, top, width, height} = one.getBoundingClientRect();
  then([left + width / 4, top + height / 4, left + width * 3 / 4, top + height * 3 / 4]);
}, 200)));
"""


def test_at_night_maps_are_bright_and_what_is_not_chosen_is_dark(engine, site_server):
    """The numbers in cells have colors for bright ones: scripts/pages/cells.py."""
    engine.size(1280, 800)
    engine.scheme("dark")
    engine.open(f"{site_server.url}experts/")  # its map has no numbers
    shown = {}
    for one in ("figure[data-maps] > svg image", ".options input"):
        box = engine.js(AT_NIGHT, one, audit.ALL)
        shown[one] = looking.Picture(engine.screenshot()).part(*box)
    engine.scheme("light")
    image, choice = shown.values()
    assert image[..., 1].max() > 130  # of green: the cells that are as they were drawn have 99
    assert choice.max() < 100


@pytest.mark.parametrize("name", ["chromium", "firefox"])  # WebKit shows a page of its own
def test_a_page_that_cannot_be_opened_is_a_fault_and_not_the_end(name, request):
    """The round goes on: a page that does not come in time may not end it with a traceback."""
    engine = started(name, request)
    try:
        with pytest.raises(browsers.BrowserError) as told:
            engine.open("http://127.0.0.1:9/")  # where nothing listens
    finally:
        engine.close()
    assert name in str(told.value) and "\n" not in str(told.value)


def test_the_search_finds_and_marks(engine, site_server):
    none(looking.search(engine, site_server))


def test_tab_leads_past_the_search_box(engine, site_server):
    none(keys.past_the_search(engine, site_server))


def test_each_kind_of_question_answers(engine, site_server):
    page = "self_attention/"
    kinds = (SITE / page / "index.html").read_text("utf-8")
    assert all(f'data-kind="{kind}"' in kinds for kind in ("choice", "number", "order", "predict"))
    none(looking.questions(engine, site_server, page))


def test_maps_answer(engine, site_server):
    page = "self_attention/"
    assert (SITE / page / "index.html").read_text("utf-8").count(" data-maps=") > 4
    none(looking.maps(engine, site_server, page))


def test_sliders_slide(engine, site_server):
    none(looking.sliders(engine, site_server, "encoder/"))  # over maps, which answer too


def test_paper_has_what_the_screen_has(engine, site_server):
    none(looking.paper(engine, site_server, "masked_self_attention/"))


def test_widgets_answer_the_same(engine, site_server, said, said_by_chromium):
    assert {name: len(said[name]) for name in SMOKE} == {
        name: len(said_by_chromium[name]) for name in SMOKE
    }
    assert all(said.values())
    for name in SMOKE:
        assert said[name] == said_by_chromium[name], name
    # Styles that only a script brings in were lost on the built site, and nowhere else.
    none(widgets.unpainted(engine))
    none(looking.errors(engine, site_server))


def test_widgets_again_and_by_keys_alone(engine, site_server, said):
    """The second visit asks for nothing, and uses them without a mouse."""
    site_server.asked.clear()
    none(keys.by_keys(engine, site_server, SMOKE))
    none(widgets.asked_again(site_server))


@pytest.mark.parametrize("page", ["self_attention/", "architecture/"])
def test_names_are_words(engine, site_server, page):
    found = list(naming.names(engine, site_server, page))
    assert {row.kind for row in found} >= {"formula", "figure", "control"}
    none(map(naming.unnamed, found))


@pytest.mark.parametrize("page", ["", "playground/"])
def test_axe_finds_nothing(engine, site_server, page):
    none(looking.axe(engine, site_server, page, axe.source()))


def test_every_name_of_the_book_is_words(site_server, request):
    """All pages and widgets, in Chromium; the command does it in the others."""
    chromium = started("chromium", request)
    try:
        rows = [row for page in audit.addresses(SITE)
                for row in naming.names(chromium, site_server, page)]  # fmt: skip
    finally:
        chromium.close()
    kinds = {kind: sum(row.kind == kind for row in rows) for kind in naming.KINDS}
    assert kinds["formula"] > 300 and kinds["figure"] > 100 and kinds["control"] > 500, kinds
    none(map(naming.unnamed, rows))


# ------------------------------------------------------------------------- the command


@pytest.mark.parametrize("row, fault", [
    (("p/", "formula", "math", "Q K", "Q K"), ""),
    (("p/", "formula", "math", r"\frac{a}{b}", "a b"), "as it was typed"),
    (("p/", "formula", "math", "", ""), "no name"),
    (("p/", "figure", "image", "A map.", "A map."), ""),
    (("p/", "figure", "image", "picture", "A map."), "not read as its alt text"),
    (("p/", "control", "button", "", ""), "no name"),
])  # fmt: skip
def test_what_a_name_must_be(row, fault):
    found = naming.unnamed(naming.Named(*row))
    assert fault in found if fault else found == ""


def test_an_engine_that_is_not_there_is_named(monkeypatch, capsys, built):
    monkeypatch.setenv("PATH", "")
    for engine in browsers.ENGINES:
        assert engines.main(["--engine", engine, "--check", "tab"], standalone_mode=False) == 1
        assert "is not on this machine: install" in capsys.readouterr().err


@pytest.mark.parametrize(
    "tour, faults", [(360, []), (362, ["100 MB, after a tour 362: 261 more would be enough"])]
)
def test_a_page_that_takes_too_much_is_told(monkeypatch, tour, faults):
    one = engines.Round(type("Browser", (), {"name": "chromium"}), None, [], {})
    monkeypatch.setattr(one, "_held", lambda: (100, tour, 261))
    assert one.memory()[1] == faults


def test_the_largest_model_is_measured_with_its_cache(request, site_server):
    browser = started("chromium", request)
    browser.open(site_server.url)
    found = browser.js(widgets.LARGEST, site_server.url + "assets/live/")
    browser.close()
    weights = json.loads((SITE / "assets/live/weights.json").read_text())
    assert found > weights["smollm2"]["bytes"] + 4 * 30 * 2048 * 2 * 3 * 64  # keys and values


def test_the_page_names_what_is_driven(says):
    says("every page, every formula, the search, the questions, the widgets by mouse and by keys, the memory that a tour of them "
         "takes, the print, and the names that a screen reader is told.", page="contributing")  # fmt: skip
    assert list(browsers.ENGINES) == ["chromium", "firefox", "webkit"]
    said = "open formulas search questions widgets keys memory paper name"
    assert set(said.split()) < set(engines.CHECKS)
    assert set(engines.CHECKS) - set(said.split()) == {"tab", "again", "axe", "sliders"}, "and more"


def test_the_names_of_all_engines_are_one_table():
    class Told:
        def __init__(self, name, *rows):
            self.browser, self.names = type("B", (), {"name": name}), rows

    row = naming.Named("p/", "control", "button", "Send | stop", "")
    table = engines.names_table([Told("firefox", row, row), Told("webkit", row)])
    assert "| p/ | control | Send \\| stop | button × 2 | button |" in table


MOVING = """<!DOCTYPE html><body style="margin: 0; height: 3000px">
<div id="late" style="height: 100px"></div>
<button style="display: block; height: 40px" onclick="document.title = 'above'">above</button>
<button style="display: block; height: 40px" class="asked" onclick="document.title = 'asked'">asked</button>
<div style="position: fixed; left: 0; bottom: 0; width: 100%; height: 40%; background: white"></div>
<script>
addEventListener("scroll", () => { // as of what comes near the screen, and is laid out late
  let left = 20;
  const grow = setInterval(() => {
    late.style.height = `${late.offsetHeight + 10}px`;
    if (!--left) clearInterval(grow);
  }, 25);
}, {once: true});
late.style.height = `${innerHeight * 0.65}px`; // so that the foot lies over both
</script>"""


def test_a_press_waits_until_its_place_is_free_and_still(engine, tmp_path):
    """It pressed the row above, or said that something lies over it, and did not scroll."""
    page = tmp_path / "moving.html"
    page.write_text(MOVING, "utf-8")
    engine.open(page.as_uri())
    engine.click(".asked", seconds=10)
    assert engine.wait("return document.title", seconds=5) == "asked"
