"""Maps that answer: every map of the built site, by pointer, finger and keys."""

import contextlib
import re

import pytest
from browser import tab_to
from playwright.sync_api import expect

from scripts.base import ROOT
from scripts.measure import audit
from scripts.pages import numbers

pytest_plugins = ["browser"]

SITE = ROOT / "site"
MAPPED = re.compile(r'<figure class="computed" id="([^"]*)"[^>]*? data-maps=')
DRAWN = re.compile(r'<figure class="computed" id="([^"]*)"')
FIGURE = "figure.computed[data-maps]"
# Goes with a pointer over every row of every map, and gives for each map its rows: the sentence,
# what is said of its cells, and how many marks are drawn; and what does not fit its place.
TOLD = """(selector) => [...document.querySelectorAll(selector)].map((figure) => {
  const [drawing, told] = [figure.querySelector("svg"), figure.querySelector(".row-told")];
  const high = figure.getBoundingClientRect().height;
  const box = drawing.getBoundingClientRect();
  const go = (type, x, y) => drawing.dispatchEvent(new PointerEvent(type,
    {bubbles: true, pointerType: "mouse", clientX: x, clientY: y}));
  const cut = [];
  const maps = [...drawing.querySelectorAll("image")].map((image) => {
    const {left, top, width, height} = image.getBoundingClientRect();
    const [columns, rows] = [image.width.baseVal.value, image.height.baseVal.value];
    return Array.from({length: rows}, (_, i) => {
      // Of figures with very many cells, one in each row, and not always the same column.
      const few = drawing.querySelectorAll("image").length * rows * columns < 300;
      const wanted = few ? [...Array(columns).keys()] : [(i * 5 + 1) % columns];
      const cells = wanted.map((j) => {
        go("pointermove", left + (j + 0.5) * width / columns, top + (i + 0.5) * height / rows);
        return told.querySelector("b").textContent;
      });
      const words = told.querySelector("span");
      for (const one of told.children)
        if (one.scrollHeight > one.clientHeight + 1) cut.push(one.textContent);
      if (told.scrollHeight > told.clientHeight + 1) cut.push(told.textContent);
      return {wanted, cells, sentence: words.textContent, marks: drawing.querySelectorAll(".row-frame").length,
        heard: figure.querySelector(".row-pick").getAttribute("aria-valuetext")};
    });
  });
  go("pointerleave", box.left, box.top);
  const left = drawing.querySelectorAll(".row-marks *").length;
  return {id: figure.id, maps, cut, left, grown: figure.getBoundingClientRect().height - high};
})"""


# What comes near the screen is laid out in the next frames, however long a busy machine takes for one.
FRAMES = """async () => {
  for (let i = 0; i < 20; i++) await new Promise((go) => requestAnimationFrame(go));
}"""


def pages() -> list[str]:
    """The pages that have a map."""
    return [page for page in audit.addresses(SITE) if MAPPED.search(text_of(page))]


def text_of(page: str) -> str:
    return (SITE / page / "index.html").read_text("utf-8")


def _opened(browser, site_server):
    """opened("encoder/") → that page, everything laid out; asserts that nothing else is fetched."""
    contexts, faults = [], []

    def go(page: str, width: int = 1280, more_of_it: str = "", **more):
        context = browser.new_context(viewport={"width": width, "height": 800}, **more)
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: faults.append(str(error)))
        if more_of_it:
            text = text_of(page).replace("</article>", f"{more_of_it}</article>")
            tab.route(site_server.url + page, lambda route: route.fulfill(body=text, content_type="text/html"))
        tab.goto(site_server.url + page, wait_until="networkidle")
        tab.locator(".row-told b").first.wait_for(state="attached")
        tab.add_style_tag(content=audit.ALL)
        late = ("search.", "sitemap.xml", ".woff2")  # what the theme asks for when it sees fit
        tab.on("request", lambda asked: any(one in asked.url for one in late)
               or faults.append(f"asked for {asked.url}"))  # fmt: skip
        return tab

    yield go
    for context in contexts:
        context.close()
    assert not faults


opened = pytest.fixture(_opened)


@pytest.fixture(scope="module")
def told(browser, site_server):
    """page → what its maps say on a laptop and on a phone, and what was too wide for the phone."""
    found = {}
    with contextlib.contextmanager(_opened)(browser, site_server) as go:
        for page in pages():
            tab = go(page)
            laptop = tab.evaluate(TOLD, FIGURE)
            tab.set_viewport_size({"width": 360, "height": 800})
            wide = tab.evaluate(audit.WIDE)
            found[page] = laptop, tab.evaluate(TOLD, FIGURE), wide + tab.evaluate(audit.WIDE)
            tab.context.close()
    return found


def test_each_drawn_map_is_on_a_page_that_lets_it_answer(built, book):
    """A figure with maps never stands in a page without their names and their numbers."""
    drawn = {name.replace("/", "-") for name in book.names() if book.outcome(name).maps}
    seen = set()
    for page in audit.addresses(SITE):
        text = text_of(page)
        figures = {one for one in DRAWN.findall(text) if one in drawn}
        assert figures == set(MAPPED.findall(text)), page
        seen |= figures
    assert len(seen) > 35


def test_weights_of_attention_are_said_as_what_a_token_looks_at(built, book):
    """The alt text says “attention map” of every figure whose rows are shares of attention."""
    names = {name.replace("/", "-"): name for name in book.names()}
    looking = 0
    for page in pages():
        for figure, maps, looks, caption in re.findall(
            r'<figure class="computed" id="([^"]*)"[^>]*? data-maps="([^"]*)"( data-looks)?.*?<figcaption>(.*?)</p>',
            text_of(page), re.S,
        ):  # fmt: skip
            rows = [row for one in book.outcome(names[figure]).maps for row in one["values"]]
            shares = all(abs(sum(v or 0 for v in row) - 1) < 0.02 and min(v or 0 for v in row) >= 0 for row in rows)
            assert not (shares and "attention" in caption) or looks, figure
            assert not looks or min(v or 0 for row in rows for v in row) >= 0, figure
            looking += bool(looks)
    assert looking > 20


def test_every_row_of_every_map_says_its_weights(book, told, says):
    says(
        "Each map of a page answers to a pointer, a finger and the arrow keys: "
        "it says the row in a sentence, from numbers that are in the page already.",
        page="how_it_is_made",
    )
    names = {name.replace("/", "-"): name for name in book.names()}
    asked = 0
    for laptop, _, _ in told.values():
        for found in laptop:
            maps = book.outcome(names[found["id"]]).maps
            assert len(found["maps"]) == len(maps), found["id"]
            assert not found["cut"] and found["left"] == 0 and found["grown"] == 0, found
            for drawn, said in zip(maps, found["maps"]):
                assert len(said) == len(drawn["values"])
                for values, row in zip(drawn["values"], said):
                    where = (found["id"], drawn["title"], row)
                    shown = [cell.rsplit(" ", 1)[1].replace("-0.00", "0.00") for cell in row["cells"]]
                    there = [values[at] for at in row["wanted"]]
                    exact = ["–" if v is None else f"{v:.2f}".replace("-0.00", "0.00") for v in there]
                    assert shown == exact, where
                    assert row["marks"] == 1 and row["sentence"] in row["heard"], where
                    strongest = max(abs(v or 0) for v in values)
                    if strongest >= 0.005:
                        # Of its sentence the first number is the largest.
                        first = re.search(r" (-?\d+\.\d\d)(?:[,;.]|$)", row["sentence"])
                        assert float(first[1].lstrip("-")) == float(f"{strongest:.2f}"), where
                    asked += len(shown)
    assert asked > 3_000


def test_no_sentence_is_cut_on_a_phone_and_nothing_grows(told):
    for page, (_, phone, wide) in told.items():
        assert phone and not wide, page
        for found in phone:
            assert not found["cut"] and found["grown"] == 0, (found["id"], found["cut"][:3])


def test_layer_and_head_are_named_where_the_page_knows_them(opened, says):
    says("the page says of a row what it *looks at*; layer and head come from the caption.", page="contributing")
    told = {one["id"]: one["maps"] for one in opened("self_attention/").evaluate(TOLD, FIGURE)}
    assert told["self_attention-real_head"][0][9]["cells"][6].startswith("layer 6, head 12 · → ##flower 0.")
    assert told["self_attention-heads"][4][0]["cells"][0].startswith("layer 2, head 5 · → ")
    assert told["self_attention-unscaled"][1][0]["cells"][0].startswith("layer 6, head 12, not divided · ")
    told = opened("encoder/").evaluate(TOLD, "#encoder-all_heads")[0]["maps"]
    assert told[8][0]["cells"][0].startswith("layer 3, head 2 · → the ")
    told = opened("masked_self_attention/").evaluate(TOLD, "#masked_self_attention-two_maps")[0]["maps"]
    assert [one[0]["cells"][0].split(" · ")[0] for one in told] == ["layer 2, head 9", "layer 14, head 9"]


@pytest.mark.parametrize(
    "titles, caption, named",
    [
        (["A finding"], "MiniLM, layer 1, head 3, encoder self-attention.", ["layer 1, head 3"]),
        (["A finding"], "By hand, no model.", [""]),
        (["head 1", "head 2"], "MiniLM, layer 2, all heads", ["layer 2, head 1", "layer 2, head 2"]),
        (["L1 H1", "L2 H1"], "All heads.", ["layer 1, head 1", "layer 2, head 1"]),
        (["right", "no scale"], "MiniLM, layer 6, head 1", ["layer 6, head 1, right", "layer 6, head 1, no scale"]),
        (["a", "b"], "layer 2, head 9; below layer 4, head 7", ["layer 2, head 9", "layer 4, head 7"]),
        (["Decoder: stays", "Encoder: no"], "Two models.", ["Decoder", "Encoder"]),
        (["a", "b", "c"], "layer 2, head 9; below layer 4, head 7", ["a", "b", "c"]),
    ],
)
def test_maps_are_named_from_titles_and_caption(titles, caption, named):
    assert numbers.names([{"title": title} for title in titles], caption) == named


def test_many_numbers_are_packed_and_come_out_again(opened):
    """Zeros, blanks, signs, awkward names, and maps that differ in their sides."""
    maps = [
        {"title": "", "rows": ["<b>", " "], "columns": ["a&b", '"'], "values": [[0.004, None], [-0.126, 1.0]]},
        {"title": "", "rows": ["<b>", " "], "columns": ["a&b", '"'], "values": [[0.5, 0.0], [0.0, 0.0]]},
        {"title": "", "rows": ["</template>"], "columns": ["x"], "values": [[0.25]]},
    ]  # fmt: skip
    images = "".join(
        f'<image width="{side}" height="{side}" transform="matrix(20 0 0 20 {60 * i} 0)"/>'
        for i, side in enumerate((2, 2, 1))
    )
    drawing = f'<svg class="figure" viewBox="0 0 200 60" width="200" height="60">{images}</svg>'
    figure = f'<figure class="computed" id="made" data-maps="||">{drawing}<p class="row-told"></p>'
    tab = opened("teaching/", more_of_it=f"{figure}{numbers.packed(maps)}</figure>")
    (found,) = tab.evaluate(TOLD, "#made")
    cells = [[[cell.removeprefix("→ ") for cell in row["cells"]] for row in one] for one in found["maps"]]
    assert cells == [
        [["a&b 0.00", '" –'], ["a&b -0.13", '" 1.00']],
        [["a&b 0.50", '" 0.00'], ["a&b 0.00", '" 0.00']],
        [["x 0.25"]],
    ]
    assert found["maps"][0][1]["sentence"].startswith("␣: ")
    assert found["maps"][2][0]["sentence"] == "</template>: x 0.25."


def test_by_keys_alone(opened):
    """Tab comes to a map, arrows go through its rows and cells, Escape lets go of it."""
    page = opened("self_attention/")
    figure = page.locator("#self_attention-real_head")
    pick = figure.get_by_role("slider", name="A row of the map")
    page.locator("#self_attention-unscaled .made-by a").first.focus()
    tab_to(page, pick)
    expect(figure.locator(".row-told")).to_contain_text("“[CLS]” looks at")
    for key, row in (("ArrowDown", "the"), ("ArrowDown", "robot"), ("ArrowUp", "the"), ("End", "[SEP]"),
                     ("ArrowDown", "[SEP]"), ("Home", "[CLS]"), ("ArrowUp", "[CLS]")):  # fmt: skip
        page.keyboard.press(key)
        assert f"“{row}” looks at " in pick.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    assert ": → [CLS] 0." in pick.get_attribute("aria-valuetext")
    page.keyboard.press("ArrowRight")
    assert ": → the 0." in pick.get_attribute("aria-valuetext")
    page.keyboard.press("Escape")
    expect(figure.locator(".row-frame")).to_have_count(0)
    expect(figure.locator(".row-told")).to_contain_text("Point at a row")


def test_a_reader_that_swipes_changes_the_row(opened):
    """A screen reader on a phone sets the value, and presses no key."""
    page = opened("self_attention/", 360)
    pick = page.locator("#self_attention-real_head .row-pick")
    pick.focus()
    pick.fill("10")
    assert "“they” looks at " in pick.get_attribute("aria-valuetext")


def test_a_small_map_opens_large_and_closes_to_where_it_was(opened, violations):
    page = opened("encoder/")
    figure = page.locator("#encoder-all_heads")
    pick = figure.locator(".row-pick")
    pick.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    box = page.get_by_role("dialog", name="layer 3, head 1")
    expect(box).to_be_visible()
    expect(box.get_by_role("slider")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(box.locator(".row-told")).to_contain_text("“the” looks at")
    expect(box.locator(".row-number").first).to_be_visible()
    assert not violations(page)
    box.get_by_role("button", name="Next").click()
    box = page.get_by_role("dialog", name="layer 4, head 1")
    expect(box).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(pick).to_be_focused()
    # From a pointer as well.
    figure.locator("image").nth(1).evaluate("one => one.scrollIntoView({block: 'center'})")
    place = figure.locator("image").nth(1).bounding_box()
    page.mouse.click(place["x"] + 5, place["y"] + 5)
    box = page.get_by_role("dialog", name="layer 2, head 1")
    expect(box).to_be_visible()
    box.get_by_role("button", name="Close").click()
    expect(page.locator("dialog")).to_have_count(0)


def test_a_finger_taps_a_row_and_lets_go_elsewhere(opened, violations):
    page = opened("self_attention/", 360, has_touch=True, is_mobile=True, color_scheme="dark")
    page.evaluate("""() => {
      window.moved = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((one) => (window.moved += one.value)))
        .observe({type: "layout-shift"});
    }""")
    figure = page.locator("#self_attention-real_head")
    figure.locator("image").evaluate("one => one.scrollIntoView({block: 'center'})")
    page.evaluate(FRAMES)
    place = figure.locator("image").bounding_box()
    page.evaluate("window.moved = 0")
    page.touchscreen.tap(place["x"] - 10, place["y"] + 9.5 / 14 * place["height"])  # on its name
    expect(figure.locator(".row-told")).to_contain_text("“they” looks at")
    assert not violations(page, "#self_attention-real_head")
    page.touchscreen.tap(place["x"] + 100, place["y"] + place["height"] + 120)
    expect(figure.locator(".row-frame")).to_have_count(0)
    assert page.evaluate("window.moved") == 0
    # Small maps are too small for a finger: a tap makes one large.
    heads = page.locator("#self_attention-heads")
    heads.locator("image").first.evaluate("one => one.scrollIntoView({block: 'center'})")
    place = heads.locator("image").nth(1).bounding_box()
    page.touchscreen.tap(place["x"] + 9, place["y"] + 9)
    box = page.get_by_role("dialog", name="layer 2, head 2")
    expect(box).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    inside = box.bounding_box()
    assert inside["x"] >= 0 and inside["x"] + inside["width"] <= 360


def test_it_works_from_a_folder(browser, built):
    page = browser.new_page()
    page.goto((SITE / "decoder" / "index.html").as_uri())
    page.add_style_tag(content=audit.ALL)
    for found in page.evaluate(TOLD, FIGURE):
        assert all(row["marks"] == 1 for one in found["maps"] for row in one)
    page.close()


LAID = """() => [...document.querySelectorAll("figure.computed")].map((figure) => {
  const {width, height} = figure.getBoundingClientRect();
  return [figure.id, Math.round(width), Math.round(height)];
})"""
SHOWN = """() => [...document.querySelectorAll(".row-told, .row-pick, .row-marks")]
  .filter((one) => getComputedStyle(one).display !== "none").length"""


def test_without_javascript_and_on_paper_it_is_as_if_there_were_none(browser, site_server):
    address = f"{site_server.url}self_attention/"
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    # Scripts of the page are off, those of a test are not.
    for one in page.locator(".row-told").all():
        assert not one.is_visible()
    context.close()
    page = browser.new_page()
    page.goto(address)
    page.locator(".row-pick").first.focus()
    assert page.evaluate(SHOWN) > 2
    page.emulate_media(media="print")
    assert page.evaluate(SHOWN) == 0
    with_it = page.evaluate(LAID)
    page.evaluate("document.querySelectorAll('.row-told, .row-pick, .row-marks').forEach((one) => one.remove())")
    assert page.evaluate(LAID) == with_it
    page.close()


def test_the_script_stays_small_and_asks_for_nothing(built):
    text = (ROOT / "docs/assets/touch.js").read_text("utf-8")
    assert not re.search(r"\bfetch\(|import\b *[({]|XMLHttpRequest|new Image|https?://(?!www\.w3\.org/2000/svg)|setInterval|requestAnimationFrame|setTimeout", text)
