"""The translator in a real browser, with the real weights, against the library."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import torch
from browser import PLAIN, POLICY, opened, tab_to
from playwright.sync_api import expect
from transformers import AutoTokenizer

from snippets.shared.translator import Translator

pytest_plugins = ["browser"]

ENGLISH = "The robot watered the sunflowers because they were thirsty."


@pytest.fixture(scope="module")
def library():
    """library("en-pt", text) → text, pieces, log-probability and maps as the library has them."""
    loaded = {}

    @torch.no_grad()
    def run(direction: str, text: str, hidden: tuple[int, ...] = (), beams: int = 1):
        if direction not in loaded:
            folder = f"models/{direction}"
            model = Translator.from_pretrained(folder, attn_implementation="eager")
            loaded[direction] = AutoTokenizer.from_pretrained(folder), model
        tokenizer, model = loaded[direction]
        source = tokenizer(text, return_tensors="pt").input_ids
        mask = torch.ones_like(source)
        mask[0, list(hidden)] = 0

        def given():  # anew each time: beam search repeats the states in place
            return {"encoder_outputs": model.model.encoder(source), "attention_mask": mask}

        ids = model.generate(**given(), num_beams=beams, max_new_tokens=100)
        out = model(**given(), decoder_input_ids=ids[:, :-1], output_attentions=True)
        chances = out.logits[0].log_softmax(-1).gather(1, ids[0, 1:, None])
        return {
            "text": tokenizer.decode(ids[0], skip_special_tokens=True),
            "source": tokenizer.convert_ids_to_tokens(source[0]),
            "written": tokenizer.convert_ids_to_tokens(ids[0, 1:]),
            "chance": chances.sum().item(),
            "maps": torch.cat(out.cross_attentions),  # (layers, heads, written, source)
        }

    return run


def says(page, right) -> None:
    """Asserts that the widget has this translation, whole."""
    expect(page.locator(".live-translation")).to_have_text(right["text"])
    count, chance = len(right["written"]), f"{right['chance']:.2f}".replace("-", "−")
    told = f"{count} pieces, log-probability {chance}, "
    expect(page.locator(".live-quiet").first).to_contain_text(told)
    expect(line(page, "Translation").get_by_role("radio")).to_have_text(right["written"])


def line(page, name: str):
    return page.get_by_label(re.compile(f"^{name}:"))


def shown(page) -> list[float]:
    """The numbers of the table view."""
    page.get_by_role("tab", name="Table").click()
    return [float(x) for x in page.locator(".live table.numbers td").all_inner_texts() if x]


@pytest.fixture(scope="module")
def widget(stay):
    return opened(stay("translate"))


# The same translation may stand there still, and what is asked before the new one is written would
# be asked of half of it.
ANEW = """(box) => {
  box.querySelector(".live-translation").textContent = "";
  box.querySelector("form").requestSubmit();
}"""


@pytest.fixture
def page(widget):
    widget.get_by_label("method").select_option("1")
    widget.get_by_label("English sentence").fill(ENGLISH)
    widget.widget.evaluate(ANEW)
    expect(widget.locator(".live-translation")).to_have_text(re.compile("^O robô"))
    expect(widget.locator(".live-quiet").nth(1)).to_be_empty()
    widget.get_by_role("gridcell", name="layer 2, head 1").click()
    return widget


def test_it_starts_with_the_numbers_of_the_figure(page, library, maps):
    right = library("en-pt", ENGLISH)
    says(page, right)
    [figure] = maps("cross_attention/from_scratch")
    assert shown(page) == pytest.approx(sum(figure["values"], []), abs=0.0061)
    assert right["written"] == figure["rows"] and right["source"] == figure["columns"]


def test_where_the_decoder_looked_for_each_piece(page, library):
    """The row of a piece is the query at the piece before it, in the head that is chosen."""
    right = library("en-pt", ENGLISH)
    page.get_by_role("gridcell", name="layer 1, head 6").click()
    reading = page.locator(".live-reading")
    for piece, before in ((0, "the start token"), (3, "▁re, the piece before")):
        line(page, "Translation").get_by_role("radio").nth(piece).click()
        row = right["maps"][0, 5, piece]
        best = right["source"][row.argmax()]
        expect(reading).to_contain_text(f"To write {right['written'][piece]}, this head looked at {best} {row.max():.2f}")
        expect(reading).to_contain_text(f"It asked from {before}.")
        weights = page.locator(".live-line .live-weight").all_inner_texts()
        assert [float(x) for x in weights] == pytest.approx(row.tolist(), abs=0.0061)
        assert page.locator(".live-looked").count() == (row >= 0.01).sum()
    page.get_by_role("button", name="Next piece").click()
    expect(reading).to_contain_text(f"To write {right['written'][4]},")
    page.get_by_role("button", name="Piece before").click()
    expect(reading).to_contain_text(f"To write {right['written'][3]},")


def test_the_alignment(page, library):
    right = library("en-pt", ENGLISH)
    page.get_by_label("alignment").check()
    best = right["maps"][1, 0].argmax(-1)
    pairs = [f"{piece} ← {right['source'][at]}" for piece, at in zip(right["written"][:-1], best)]
    expect(page.get_by_text("Alignment:", exact=False).last).to_have_text(f"Alignment: {' · '.join(pairs)}")
    expect(page.locator(".live-aligned")).to_have_count(len(right["written"]) - 1)
    page.get_by_label("alignment").uncheck()
    expect(page.locator(".live-aligned")).to_have_count(0)


def test_a_piece_of_the_source_is_hidden_and_comes_back(page, library):
    whole = library("en-pt", ENGLISH)
    robot = whole["source"].index("▁robot")
    chip = line(page, "Source").get_by_role("button").nth(robot)
    chip.click()
    without = library("en-pt", ENGLISH, (robot,))
    says(page, without)
    assert without["text"] != whole["text"]
    told = page.locator(".live-quiet").nth(1)
    expect(told).to_have_text(
        "Hidden from the decoder: ▁robot. The encoder has read it all the same. "
        f"With nothing hidden: {whole['text']}"
    )
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(chip).to_be_focused()
    expect(chip).to_contain_text("hidden")
    line(page, "Source").get_by_role("button").nth(robot - 1).click()
    says(page, library("en-pt", ENGLISH, (robot - 1, robot)))
    line(page, "Source").get_by_role("button").nth(robot - 1).click()
    chip.click()
    says(page, whole)
    expect(told).to_be_empty()


def test_beams(page, library):
    text = "He put the letter on the desk and left without a word."
    page.get_by_label("English sentence").fill(text)
    for beams in (2, 4):
        page.get_by_label("method").select_option(str(beams))
        says(page, library("en-pt", text, beams=beams))
        page.get_by_text("The beams, step by step, as a tree").click()
        expect(page.locator("svg.live-tree")).to_be_visible()
        expect(page.locator(".live-tree path.live-best").first).to_be_attached()
        page.get_by_text("The beams, step by step, as a tree").click()
    page.get_by_label("method").select_option("1")
    says(page, library("en-pt", text))
    expect(page.locator("svg.live-tree")).to_be_hidden()


def test_what_is_typed_stays_text_and_nothing_is_asked_of_nothing(page, library):
    text = '<img src="x" onerror="alert(1)"> & a cat'
    page.get_by_label("English sentence").fill(text)
    page.get_by_label("English sentence").press("Enter")
    says(page, library("en-pt", text))
    assert page.widget.locator("img").count() == 0
    page.get_by_label("English sentence").fill("  ")
    page.get_by_label("English sentence").press("Enter")
    expect(page.get_by_text("Write a sentence first.")).to_be_visible()


def test_what_is_not_in_the_vocabulary_is_shown_as_the_model_gets_it(page, library):
    """It never gets the letters of the text, so its source does not show them."""
    text = "The robot 🌻 ﷽"
    page.get_by_label("English sentence").fill(text)
    page.get_by_label("English sentence").press("Enter")
    right = library("en-pt", text)
    says(page, right)
    assert right["source"].count("<unk>") == 2
    expect(page.locator(".live-line").first.locator(".live-piece")).to_have_text(right["source"])


# At each change of the translation's pieces: how many there are, and what stands above them.
WATCH = """(box) => {
  globalThis.seen = [];
  const [line] = box.querySelectorAll("[role=radiogroup]");
  const told = [...box.querySelectorAll(".live-translation, .live-quiet, .live-reading")].filter((one, i) => i !== 2).slice(0, 3);
  new MutationObserver(() => {
    if (line.children.length) seen.push([line.children.length, ...told.map((one) => one.textContent)]);
  }).observe(line, {childList: true});
}"""


def test_while_it_writes_no_other_translation_stands_there(page, library):
    text = "The old sailor told us a story about a storm."
    page.widget.evaluate(WATCH)
    page.get_by_label("English sentence").fill(text)
    page.get_by_label("English sentence").press("Enter")
    says(page, library("en-pt", text))
    seen = page.evaluate("seen")
    assert len(seen) > 5
    for _, written, measured, reading in seen:
        assert "girassóis" not in written and "log-probability" not in measured and not reading
    assert seen[-1][1] and library("en-pt", text)["text"].startswith(seen[-1][1])
    assert seen[-1][2].startswith("Pieces so far: ")
    page.get_by_label("English sentence").fill(ENGLISH)
    page.get_by_label("English sentence").press("Enter")
    says(page, library("en-pt", ENGLISH))


def test_by_keys_alone(visit, library):
    page = visit("translate")
    tab_to(page, page.button)
    page.keyboard.press("Enter")
    expect(page.widget).to_be_focused()
    tab_to(page, page.get_by_label("English sentence"))
    page.keyboard.press("Control+a")
    text = "The black cat sleeps on the red chair."
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")
    right = library("en-pt", text)
    says(page, right)
    source = line(page, "Source").get_by_role("button")
    tab_to(page, source.nth(1))
    page.keyboard.press("Enter")
    right = library("en-pt", text, (1,))
    says(page, right)
    tab_to(page, page.locator('.live-line [role="radio"][tabindex="0"]'))
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    row = right["maps"][1, 0, 2]
    told = f"To write {right['written'][2]}, this head looked at {right['source'][row.argmax()]} {row.max():.2f}"
    expect(page.locator(".live-reading")).to_contain_text(told)
    expect(page.get_by_role("status")).to_contain_text(told)
    tab_to(page, page.get_by_role("gridcell", name="layer 2, head 1"))
    page.keyboard.press("ArrowUp")
    expect(page.locator(".live-map")).to_contain_text("Layer 1, head 1")


def test_there_and_back_and_by_a_link(visit, library):
    """The other direction is another model: its button says so, and loads it once."""
    page = opened(visit("translate", "?data-direction=pt-en&data-text=Compr%C3%A1mos+um+carro+vermelho."))
    right = library("pt-en", "Comprámos um carro vermelho.")
    says(page, right)
    back = page.get_by_role("button", name="Translate this back into Portuguese")
    expect(back).to_have_text("Translate this back into Portuguese · loads 17.1 MB once")
    asked = [name for name in page.asked if name.endswith(".bin")]
    assert len(asked) == 1 and "/pt-en-" in asked[0]
    back.click()
    there = library("en-pt", right["text"])
    says(page, there)
    expect(page.get_by_label("English sentence")).to_have_value(right["text"])
    page.get_by_role("button", name="Translate this back into English").click()
    says(page, library("pt-en", there["text"]))
    expect(back).to_have_text("Translate this back into Portuguese")
    asked = [name for name in page.asked if name.endswith(".bin")]
    assert len(asked) == 2 and "/en-pt-" in asked[1]
    line(page, "Source").get_by_role("button").nth(0).click()
    expect(page.locator(".live-quiet").nth(1)).to_contain_text("Hidden from the decoder")
    page.get_by_role("gridcell", name="layer 1, head 6").click()
    address = page.get_by_role("link", name="Link to this view").get_attribute("href")
    wish = parse_qs(urlsplit(address).query)
    assert wish["direction"] == ["pt-en"] and wish["hidden"] == ["1"] and wish["head"] == ["6"]
    page.goto(address)
    opened(page)
    says(page, library("pt-en", there["text"], (0,)))
    expect(page.locator(".live-map")).to_contain_text("Layer 1, head 6")


@pytest.mark.parametrize("policy", [POLICY, PLAIN])
def test_under_a_strict_policy_on_a_phone(visit, server, library, policy):
    server.site.policy = policy
    try:
        page = opened(visit("translate", phone=True, expected="WebAssembly" if policy == PLAIN else ""))
        says(page, library("en-pt", ENGLISH))
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    finally:
        server.site.policy = POLICY
