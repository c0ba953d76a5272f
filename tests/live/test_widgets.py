"""The widgets in a real browser, driven as a reader would: by mouse, by touch, by keys alone."""

import csv
import gzip
import io
import json

import pytest
import torch
from browser import PLAIN, POLICY, becomes, opened, tab_to
from playwright.sync_api import expect
from transformers import AutoModel, AutoTokenizer

from scripts.base import ROOT
from scripts.live import make as live

pytest_plugins = ["browser"]

SENTENCE = "The robot watered the sunflowers because they were thirsty."


def numbers(page, step: str) -> list[float]:
    """The numbers in one table of attention by hand."""
    texts = page.locator(f'[data-step="{step}"] td').all_inner_texts()
    return [float(text.replace("−", "-").replace("∞", "inf")) for text in texts]


# ------------------------------------------------------------------------------ the frame


def test_nothing_is_fetched_before_the_reader_asks(visit, says):
    says("Nothing is loaded before you press a button.", page="playground")
    page = visit("attention")
    live_files = [asked for asked in page.asked if "live/" in asked]
    assert [name for name in live_files if not name.endswith(".css")] == ["assets/live/start.js"]
    assert not {f"assets/live/widgets/{name}.css" for name in ("bits", "decoder", "hear", "inside", "training", "translate")} & set(live_files)
    assert (ROOT / "docs/assets/live/start.js").stat().st_size < 2000


def test_the_button_says_what_will_be_loaded(visit, server, says):
    says(
        "The tokenizers, attention by hand and the block of numbers need no model. The attention maps and the compared sentences share MiniLM, "
        "the translator has a model for each direction, what hears loads Whisper, and the other five boxes share SmolLM2; the button says how much that is.",
        page="playground",
    )
    weights = json.loads((live.make(ROOT) / "weights.json").read_text("utf-8"))
    start = (ROOT / "docs/assets/live/start.js").read_text("utf-8")
    assert f"attention: {weights['minilm']['bytes'] / 1e6:.0f}," in start
    assert f"similarity: {weights['minilm']['bytes'] / 1e6:.0f}," in start
    assert f"translate: {weights['en-pt']['bytes'] / 1e6:.0f} " in start
    assert f"hear: {weights['whisper']['bytes'] / 1e6:.0f}," in start
    assert weights["en-pt"]["bytes"] == weights["pt-en"]["bytes"]
    for name in ("next_token", "decoding", "chat", "lens", "heads_off"):
        assert f"{name}: {weights['smollm2']['bytes'] / 1e6:.0f}" in start
    expect(visit("attention").button).to_have_text(
        "Try it yourself · loads 45 MB once, from this site"
    )
    expect(visit("by_hand").button).to_have_text("Try it yourself")


def test_the_widget_replaces_the_figure_and_goes_away_again(visit):
    page = visit("by_hand")
    tab_to(page, page.button)
    page.keyboard.press("Enter")
    expect(page.widget).to_be_focused()
    expect(page.locator("figure")).to_be_hidden()
    expect(page.button).to_be_hidden()
    back = page.get_by_role("button", name="Back to the figure")
    tab_to(page, back)
    page.keyboard.press("Enter")
    expect(page.locator("figure")).to_be_visible()
    expect(page.widget).to_have_count(0)
    expect(page.button).to_be_focused()


def test_a_module_that_does_not_come_can_be_asked_for_again(visit):
    page = visit("by_hand", expected="ERR_FAILED")
    page.route("**/by_hand.js", lambda route: route.abort(), times=1)
    page.button.click()
    expect(page.get_by_role("alert")).to_contain_text("This did not load: ")
    expect(page.button).to_have_text("Try again")
    opened(page)
    expect(page.locator(".live-problem").first).to_be_empty()


def test_a_module_that_stays_failed_is_had_by_loading_the_page_again(visit):
    """Firefox keeps a failed module failed as long as the page stands; so does this route."""
    page = visit("by_hand", expected="ERR_FAILED")
    page.route("**/by_hand.js", lambda route: route.abort(), times=2)
    for _ in range(2):
        page.button.click()
        expect(page.get_by_role("alert")).to_contain_text("This did not load: ")
        expect(page.button).to_have_attribute("aria-disabled", "false")
    page.get_by_role("button", name="Load the page again").click()
    expect(page.get_by_role("button", name="Load the page again")).to_have_count(0)
    opened(page)


def test_styles_that_do_not_come_are_asked_for_again(visit):
    page = visit("next_token", expected="ERR_FAILED")
    page.route("**/decoder.css", lambda route: route.abort(), times=1)
    page.button.click()
    expect(page.get_by_role("alert").first).to_contain_text("the styles are missing")
    page.button.click()
    expect(page.widget).to_be_visible()
    assert page.locator(".live-bars").evaluate("one => getComputedStyle(one).listStyleType") == "none"


def test_a_text_that_a_field_cuts_off_is_told(visit):
    page = opened(visit("tokenizer"))
    field = page.get_by_label("Type anything")
    told = page.get_by_text("This field takes at most 2000 characters.")
    field.fill("")
    page.keyboard.insert_text("robot " * 300)
    expect(told).to_have_count(0)
    page.keyboard.insert_text("robot " * 300)
    expect(told).to_be_visible()
    assert len(field.input_value()) == 2000
    page.keyboard.press("Backspace")
    expect(told).to_have_count(0)


def test_scripts_of_a_page_without_weights_are_small(visit):
    page = opened(visit("tokenizer"))
    expect(page.locator(".live-pieces li").first).to_be_visible()
    scripts = {asked for asked in page.asked if "live/" in asked and asked.endswith((".js", ".mjs", ".wasm"))}
    assert len(scripts) >= 4

    def packed(path: str) -> int:
        return len(gzip.compress((ROOT / "site" / path).read_bytes()))

    assert sum(map(packed, scripts)) < 60_000
    assert not [asked for asked in page.asked if asked.endswith(".bin")]


# ------------------------------------------------------------------------------ the tree


def test_the_tree_follows_however_much_is_drawn_at_once(visit):
    """On a busy machine several steps come between two looks; a reader who reads back is left there."""
    page = opened(visit("by_hand"))
    page.evaluate(
        """async () => {
        const {tree} = await import("/assets/live/widgets/tree.js");
        await (await import("/assets/live/widgets/writing.js")).styles();
        const made = tree();
        made.node.id = "made";
        document.querySelector(".live-place").append(made.node);
        made.clear(1);
        let ids = [];
        window.grow = (steps) => {
            for (let i = 0; i < steps; i++) {
                ids = [...ids, 5];
                const one = {id: 5, parent: 0, logProbability: -1};
                made.add({candidates: [one], beams: [{ids, logProbability: -1}]}, new Map([[5, "a rather long word"]]));
            }
            made.follow(ids, "words");
        };
    }"""
    )
    frame = page.locator("#made .live-wide").first
    left = "node => node.scrollWidth - node.clientWidth - node.scrollLeft"
    for steps in (9, 9, 1):
        page.evaluate("grow", steps)
        assert frame.evaluate(left) <= 1, steps
    page.set_viewport_size({"width": 1400, "height": 900})  # wider: what is seen moves back
    page.evaluate("grow", 1)
    assert frame.evaluate(left) <= 1
    frame.evaluate("node => node.scrollLeft = 100")
    page.evaluate("grow", 1)
    assert frame.evaluate("node => node.scrollLeft") == 100
    frame.evaluate("node => node.scrollLeft = node.scrollWidth")
    page.evaluate("grow", 9)
    assert frame.evaluate(left) <= 1


# ------------------------------------------------------------------------------ by hand


def test_by_hand_starts_with_the_numbers_of_the_figure(visit, maps):
    page = opened(visit("by_hand"))
    figure = sum(maps("self_attention/equation")[0]["values"], [])
    assert numbers(page, "weights") == pytest.approx(figure, abs=0.005)
    assert numbers(page, "dots") == [4, 2, 0, 2, 4, 2, 0, 0, 2]
    assert numbers(page, "scores") == [2, 1, 0, 1, 2, 1, 0, 0, 1]
    expect(page.locator('[data-step="masked"]')).to_be_hidden()


def test_by_hand_computes_what_torch_computes(visit):
    page = opened(visit("by_hand"))
    page.get_by_label("query of robot, number 3").fill("-1.5")
    page.get_by_label("key of watered, number 1").fill("3")
    page.get_by_label("value of flowers, number 2").fill("0.25")
    page.get_by_label("causal mask").check()
    query = torch.tensor([[2, 2, -1.5, 0], [0, 2, 2, 0], [0, 0, 0, 2]])
    key = torch.tensor([[1, 1, 0, 0], [3, 1, 1, 0], [0, 0, 1, 1.0]])
    value = torch.tensor([[10, 0], [0, 10], [10, 0.25]])
    attention = torch.nn.functional.scaled_dot_product_attention
    expected = attention(query, key, value, is_causal=True)
    assert numbers(page, "output") == pytest.approx(expected.flatten().tolist(), abs=0.006)
    assert numbers(page, "masked")[1] == -torch.inf and numbers(page, "weights")[1:3] == [0, 0]
    page.get_by_label("divide by √dₖ").uncheck()
    expected = attention(query, key, value, is_causal=True, scale=1)
    assert numbers(page, "output") == pytest.approx(expected.flatten().tolist(), abs=0.006)
    expect(page.locator('[data-step="scores"]')).to_be_hidden()
    expect(page.locator("math mfrac")).to_have_count(0)
    page.get_by_label("width dₖ").select_option("2")
    assert page.get_by_label("query of robot").count() == 2
    page.get_by_role("button", name="Start again").click()
    assert numbers(page, "dots") == [4, 2, 0, 2, 4, 2, 0, 0, 2]
    expect(page.locator("math mfrac")).to_have_count(1)


def test_by_hand_shows_all_digits(visit):
    page = opened(visit("by_hand"))
    fields = page.locator(".live-grid input")
    for place, value in enumerate(["-1000", "123.456", "0.0001", "-0.125"]):
        fields.nth(place).fill(value)
    fits = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.value)"
    assert fields.evaluate_all(fits) == []
    page.set_viewport_size({"width": 360, "height": 780})
    assert fields.evaluate_all(fits) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    fields.nth(0).fill("-123.456789")
    tall = page.locator(".live-grid th:visible").evaluate_all("all => all.map(one => one.offsetHeight)")
    assert max(tall) < 1.5 * min(tall), "the name of a row is broken into pieces"


def test_by_hand_keeps_the_number_that_was_there(visit):
    """A field without a number is said, to ears too, and then another width can be computed."""
    page = opened(visit("by_hand"))
    page.get_by_label("key of watered, number 1").fill("3")
    for wrong in ("", "1001"):
        page.get_by_label("key of watered, number 1").fill(wrong)
        expect(page.widget.get_by_role("alert")).to_have_text("Write a number from −1000 to 1000 in every cell.")
    page.get_by_label("width dₖ").select_option("3")
    assert numbers(page, "dots") == [4, 8, 0, 2, 4, 2, 0, 0, 0]
    expect(page.widget.get_by_role("alert")).to_be_empty()


def test_by_hand_by_keys_alone(visit):
    page = visit("by_hand")
    tab_to(page, page.button)
    page.keyboard.press("Enter")
    expect(page.widget).to_be_focused()
    first = page.get_by_label("query of robot, number 1")
    tab_to(page, first)
    assert page.locator('math [data-part="query"].live-now').count() == 1
    page.keyboard.press("ArrowUp")  # a step of one
    expect(first).to_have_value("3")
    assert numbers(page, "dots")[:3] == [5, 2, 0]
    assert page.locator('[data-step="dots"] tr:first-child .live-met').count() == 3
    expect(page.get_by_role("status")).to_contain_text("Weights: robot 0.")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(page.get_by_text("Write a number from −1000 to 1000")).to_be_visible()
    assert numbers(page, "dots")[:3] == [5, 2, 0]
    page.keyboard.type("2")
    assert numbers(page, "dots")[:3] == [4, 2, 0]
    tab_to(page, page.locator('[data-step="weights"]'))
    assert page.locator('math [data-part="weights"].live-now').count() == 1
    assert page.locator("math .live-now").count() == 1


# ------------------------------------------------------------------------------ tokenizer


def cut(page) -> list[list[tuple[str, str]]]:
    """What the page shows: for each family its own pieces with their ids."""
    own = [family.locator("li:not(.live-added)") for family in page.locator(".live-pieces").all()]
    return [
        list(zip(each.locator(".live-piece").all_text_contents(),
                 each.locator(".live-id").all_text_contents()))
        for each in own
    ]  # fmt: skip


@pytest.fixture(scope="session")
def tokenizers():
    names = ("minilm", "smollm2", "en-pt")
    return [AutoTokenizer.from_pretrained(f"models/{name}") for name in names]


def python_cuts(tokenizers, text: str) -> list[list[tuple[str, str]]]:
    ids = [tokenizer(text, add_special_tokens=False).input_ids for tokenizer in tokenizers]
    return [
        list(zip(tokenizer.convert_ids_to_tokens(own), map(str, own)))
        for tokenizer, own in zip(tokenizers, ids)
    ]


def test_the_tokenizers_cut_as_in_the_book(visit, tokenizers):
    page = opened(visit("tokenizer"))
    expect(page.locator(".live-pieces li").first).to_be_visible()
    assert cut(page) == python_cuts(tokenizers, SENTENCE)
    numbered = page.locator(".live-number").all_text_contents()
    assert numbered[:3] == ["added", "1", "2"]
    added = page.locator(".live-added .live-piece")
    expect(added).to_have_text(["[CLS]", "[SEP]", "</s>"])
    page.get_by_text("Texts to try").click()
    source = (ROOT / "snippets/input_representation/three_tokenizers.py").read_text("utf-8")
    for example in page.locator(".live-examples button").all():
        text = example.inner_text()
        assert f'"{text}"' in source
        example.click()
        expect(page.get_by_label("Type anything")).to_have_value(text)
        wanted = python_cuts(tokenizers, text)
        pieces = [piece for family in wanted for piece, _ in family]
        expect(page.locator("li:not(.live-added) .live-piece")).to_have_text(pieces)
        assert cut(page) == wanted
    unknown = page.locator(".live-unknown")
    page.get_by_label("Type anything").fill("🌻")
    expect(unknown.first).to_be_visible()


def test_what_is_typed_stays_text(visit, tokenizers, says):
    says(
        "What a reader types and what a model writes enters a page as text, never as HTML.",
        page="contributing",
    )
    page = visit("tokenizer")
    tab_to(page, page.button)
    page.keyboard.press("Enter")
    expect(page.widget).to_be_focused()
    field = page.get_by_label("Type anything")
    tab_to(page, field)
    page.keyboard.press("Control+a")
    text = '<img src="x" onerror="alert(1)"> & [SEP]'
    page.keyboard.insert_text(text)
    wanted = python_cuts(tokenizers, text)
    becomes(page, lambda: cut(page), wanted)
    assert page.widget.locator("img").count() == 0
    counts = [len(family) for family in wanted]
    said = f"Pieces: WordPiece {counts[0]}, Byte-level BPE {counts[1]}, Unigram {counts[2]}."
    expect(page.get_by_role("status")).to_have_text(said)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(page.locator("li:not(.live-added)")).to_have_count(0)


# ------------------------------------------------------------------------------ attention


@pytest.fixture(scope="session")
def minilm(tokenizers):
    """minilm(text, second) → tokens, maps (layers, heads, tokens, tokens), vector."""
    model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")

    def run(text: str, second: str | None = None):
        inputs = tokenizers[0](text, second, return_tensors="pt")
        with torch.no_grad():
            outputs = model(**inputs, output_attentions=True)
        vector = outputs.last_hidden_state[0].mean(0)
        return inputs.tokens(), torch.cat(outputs.attentions), vector / vector.norm()

    return run


EXPLORER = "?data-layer=4&data-head=2&data-token=they"


def shown(page) -> list[float]:
    """The numbers of the table view."""
    page.get_by_role("tab", name="Table").click()
    return [float(x) for x in page.locator(".live table.numbers td").all_inner_texts() if x]


def test_the_explorer_starts_with_the_numbers_of_the_figure(visit, maps):
    page = opened(visit("attention", EXPLORER))
    figure = maps("index/taste")[0]
    expect(page.locator(".live-map").first).to_contain_text("Layer 4, head 2")
    assert shown(page) == pytest.approx(sum(figure["values"], []), abs=0.0061)
    tokens = page.get_by_role("radiogroup", name="Follow a token")
    assert tokens.get_by_role("radio").all_inner_texts() == figure["rows"]
    they = figure["values"][figure["rows"].index("they")]
    top = max(range(len(they)), key=they.__getitem__)
    expect(page.locator(".live-reading")).to_contain_text(
        f"they looks at {figure['columns'][top]} {they[top]:.2f}"
    )


def test_the_explorer_by_mouse(visit, minilm):
    page = opened(visit("attention", EXPLORER))
    maps = minilm(SENTENCE)[1]
    page.get_by_role("gridcell", name="layer 1, head 3", exact=True).click()
    expect(page.locator(".live-map").first).to_contain_text("Layer 1, head 3")
    reading = page.locator(".live-reading")
    rows = page.locator(".live-map").first.locator("g > g")
    rows.nth(2).hover()  # a look
    expect(reading).to_contain_text(f"robot looks at the {maps[0, 2, 2, 1]:.2f}")
    page.locator("h1").hover()
    expect(reading).to_contain_text("they looks at")
    rows.nth(2).click()  # a choice
    page.locator("h1").hover()
    expect(reading).to_contain_text("robot looks at")
    expect(page.get_by_role("radio", name="robot")).to_have_attribute("aria-checked", "true")
    page.get_by_role("tab", name="Lines").click()
    expect(page.locator(".live-map:visible")).to_have_count(1)
    drawing = page.get_by_role("img", name="layer 1, head 3, for 14 tokens, as lines")
    expect(drawing).to_be_visible()
    assert shown(page) == pytest.approx(maps[0, 2].flatten().tolist(), abs=0.0061)


def test_the_explorer_by_keys_alone(visit, minilm):
    page = visit("attention", EXPLORER)
    tab_to(page, page.button)
    page.keyboard.press("Enter")
    expect(page.widget).to_be_focused()
    field = page.get_by_label("Sentence", exact=True)
    tab_to(page, field)
    page.keyboard.press("Control+a")
    text = "The dog chased the ball because it was bored."
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")
    tokens, maps, _ = minilm(text)
    radios = page.get_by_role("radio")
    expect(radios).to_have_text(tokens)
    tab_to(page, page.get_by_role("gridcell", name="layer 4, head 2", exact=True))
    for key in ["ArrowDown", "ArrowDown", *["ArrowRight"] * 10]:
        page.keyboard.press(key)
    chosen = page.get_by_role("gridcell", name="layer 6, head 12", exact=True)
    expect(chosen).to_be_focused()
    page.keyboard.press("ArrowDown")  # there is no row below
    expect(chosen).to_be_focused()
    tab_to(page, page.get_by_role("tab", name="Map"))
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Lines")).to_have_attribute("aria-selected", "true")
    tab_to(page, page.locator('[role="radio"][tabindex="0"]'))
    page.keyboard.press("Home")
    for _ in range(tokens.index("it")):
        page.keyboard.press("ArrowRight")
    weight = maps[5, 11, tokens.index("it"), tokens.index("dog")]
    says = f"it looks at dog {weight:.2f}"
    expect(page.locator(".live-reading")).to_contain_text(says)
    expect(page.get_by_role("status")).to_contain_text(says)


@pytest.mark.parametrize("composing", [True, False])  # Chromium and Firefox; WebKit
def test_enter_in_an_input_method_asks_nothing(visit, composing):
    page = opened(visit("attention", EXPLORER))
    field = page.get_by_label("Sentence", exact=True)
    before = page.get_by_role("radio").all_inner_texts()
    field.fill("Bees dance.")
    kept = field.evaluate(
        """(field, isComposing) => field.dispatchEvent(new KeyboardEvent("keydown",
        {key: "Enter", keyCode: 229, isComposing, bubbles: true, cancelable: true}))""",
        composing,
    )
    assert kept, "the key was taken away from the input method"
    assert page.get_by_role("radio").all_inner_texts() == before
    field.press("Enter")
    expect(page.get_by_role("radio", name="bees")).to_be_visible()


def test_a_phone_shows_the_whole_sentence(visit):
    page = opened(visit("attention", EXPLORER))
    field = page.get_by_label("Sentence", exact=True)
    one_line = field.bounding_box()["height"]
    page.set_viewport_size({"width": 390, "height": 800})
    assert field.bounding_box()["height"] > 1.5 * one_line
    assert field.evaluate("(field) => field.scrollHeight <= field.clientHeight")


def test_two_sentences_and_how_near_they_are(visit, minilm, says):
    says(
        "Then write two sentences that mean the same in other words, and see how similar the model finds them.",
        page="playground",
    )
    page = opened(visit("attention", EXPLORER))
    second = "Plants need water."
    page.get_by_label("A second sentence").fill(second)
    page.get_by_role("button", name="Show attention").click()
    tokens, maps, _ = minilm(SENTENCE, second)
    expect(page.get_by_role("radio")).to_have_text(tokens)
    cosine = minilm(SENTENCE)[2] @ minilm(second)[2]
    expect(page.locator(".live-similar")).to_contain_text(f"{cosine:.2f}")
    assert shown(page) == pytest.approx(maps[3, 1].flatten().tolist(), abs=0.0061)


def test_what_the_explorer_hands_over(visit, minilm):
    page = opened(visit("attention", EXPLORER))
    tokens, maps, _ = minilm(SENTENCE)
    with page.expect_download() as got:
        page.get_by_role("button", name="Numbers as CSV").click()
    assert got.value.suggested_filename == "minilm-layer-4-head-2.csv"
    rows = list(csv.DictReader(io.StringIO(got.value.path().read_text("utf-8"))))
    assert [row["column"] for row in rows[: len(tokens)]] == tokens
    values = [float(row["value"]) for row in rows]
    assert values == pytest.approx(maps[3, 1].flatten().tolist(), abs=1e-3)
    with page.expect_download() as got:
        page.get_by_role("button", name="Map as SVG").click()
    drawing = got.value.path().read_text("utf-8")
    assert drawing.startswith("<svg ") and drawing.count("fill-opacity") == len(tokens) ** 2
    assert "Layer 4, head 2" in drawing and "##flower" in drawing


def test_a_link_brings_a_view_back(visit, server):
    page = opened(visit("attention", EXPLORER))
    page.get_by_label("Sentence", exact=True).fill("Bees & “robots” <dance>.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="bees")).to_be_visible()
    page.get_by_role("gridcell", name="layer 2, head 7", exact=True).click()
    page.get_by_role("radio", name="robots").click()
    page.get_by_role("tab", name="Lines").click()
    link = page.get_by_role("link", name="Link to this view").get_attribute("href")
    assert link.startswith(server.url) and link.endswith("#the-figure")
    there = opened(visit(link.removeprefix(server.url)))
    field = there.get_by_label("Sentence", exact=True)
    expect(field).to_have_value("Bees & “robots” <dance>.")
    expect(there.locator(".live-map:visible")).to_contain_text("Layer 2, head 7")
    expect(there.get_by_role("radio", name="robots")).to_have_attribute("aria-checked", "true")
    expect(there.get_by_role("tab", name="Lines")).to_have_attribute("aria-selected", "true")


def test_a_long_text_scrolls_and_a_longer_one_is_refused(visit):
    page = opened(visit("attention", EXPLORER))
    page.get_by_label("Sentence", exact=True).fill("The sun and the moon " * 8)
    page.keyboard.press("Enter")
    scroller = page.get_by_role("group", name="The map, wider than the page")
    expect(scroller.locator("rect[fill-opacity]")).to_have_count(42**2)
    tab_to(page, scroller)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.get_by_label("Sentence", exact=True).fill("sun " * 70)
    page.keyboard.press("Enter")
    expect(page.get_by_text("These are 72 tokens; the map shows at most 64.")).to_be_visible()
    page.get_by_label("Sentence", exact=True).fill(" ")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Write a sentence first.")).to_be_visible()
    expect(scroller.locator("rect[fill-opacity]")).to_have_count(42**2)


def test_a_large_map_is_drawn_in_parts(visit):
    """Of 64 tokens each view has 4,096 parts, and a page that makes all of them at once does not scroll meanwhile."""
    page = opened(visit("attention", EXPLORER))
    page.evaluate("""() => {
        globalThis.most = 0; // parts that came with one task
        new MutationObserver((seen) => {
            const parts = seen.flatMap((one) => [...one.addedNodes]).map((one) =>
                (one.matches?.("rect, path, td") ? 1 : 0) + (one.querySelectorAll?.("rect, path, td").length ?? 0));
            most = Math.max(most, parts.reduce((a, b) => a + b, 0));
        }).observe(document.body, {childList: true, subtree: true});
    }""")
    page.get_by_label("Sentence", exact=True).fill("sun and moon " * 20 + "stars .")
    page.keyboard.press("Enter")
    for view, part in (("Map", "rect[fill-opacity]"), ("Lines", "path[stroke-opacity]"), ("Table", "td:not(:empty)")):
        page.get_by_role("tab", name=view).click()
        expect(page.get_by_role("tabpanel", name=view).locator(part)).to_have_count(64**2)
    assert 400 < page.evaluate("most") < 1000
    page.get_by_role("tab", name="Map").click()
    page.get_by_role("gridcell", name="layer 6, head 12", exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Map as SVG").click()
    assert saved.value.path().read_text("utf-8").count("fill-opacity") == 64**2, "all of it, at once"


def test_the_small_maps_follow_the_scheme(visit):
    page = opened(visit("attention", EXPLORER))
    pixel = """() => [...document.querySelector(".live-heads canvas").getContext("2d")
        .getImageData(0, 0, 1, 1).data].slice(0, 3)"""
    light = page.evaluate(pixel)
    page.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    dark = page.evaluate(pixel)
    assert sum(dark) > sum(light)


def test_without_webassembly_the_explorer_works_too(visit, server, minilm):
    server.site.policy = PLAIN
    try:
        page = opened(visit("attention", EXPLORER, expected="WebAssembly"))
        maps = minilm(SENTENCE)[1]
        assert shown(page) == pytest.approx(maps[3, 1].flatten().tolist(), abs=0.0061)
    finally:
        server.site.policy = POLICY


# ------------------------------------------------------------------------------ a phone


@pytest.mark.parametrize("name", ["attention", "by_hand", "tokenizer"])
def test_a_phone_shows_it_without_sideways_scroll(visit, name):
    page = visit(name, EXPLORER, phone=True)
    page.button.tap()
    expect(page.widget).to_be_visible()
    expect(page.widget.locator(".live-map, .live-grid, .live-pieces").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    touched = ":is(button, input, select, [role=radio], [role=gridcell]):visible"
    small = page.widget.locator(touched)
    sizes = small.evaluate_all(
        """all => all.filter(one => one.type != "checkbox")
            .map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"""
    )
    assert sizes and min(map(min, sizes)) >= 24


def test_the_explorer_by_touch(visit):
    page = visit("attention", EXPLORER, phone=True)
    page.button.tap()
    page.get_by_role("gridcell", name="layer 6, head 12", exact=True).tap()
    expect(page.locator(".live-map").first).to_contain_text("Layer 6, head 12")
    page.locator(".live-map").first.locator("g > g").nth(3).tap()
    expect(page.get_by_role("radio", name="watered")).to_have_attribute("aria-checked", "true")
