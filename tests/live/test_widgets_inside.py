"""The lens and the heads that are off in a real browser, with the real weights, against PyTorch."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import torch
from browser import PLAIN, POLICY, becomes, opened, tab_to
from playwright.sync_api import expect
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.shared import heads

pytest_plugins = ["browser"]

TEXT = "The capital of France is the city of"
FIELD = "Text that the model reads"


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained("models/smollm2")


@pytest.fixture(scope="module")
def smollm2():
    with torch.no_grad():
        yield AutoModelForCausalLM.from_pretrained("models/smollm2", attn_implementation="eager").eval()


def share(text: str) -> float:
    """0.272 of "27.2%", and 0 of "<0.001%"."""
    return 0 if text.startswith("<") else float(text.rstrip("%")) / 100


def shown(text: str) -> str:
    """A token as the widgets write it."""
    return text.replace(" ", "␣").replace("\n", "↵")


def touched(page) -> None:
    """Asserts that a phone shows all of it, with parts that are large enough to touch."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    sizes = page.widget.locator(":is(button, input, [role=radio]):visible").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"
    )
    assert sizes and min(map(min, sizes)) >= 24


# ---------------------------------------------------------------------------------- lens


@pytest.fixture(scope="module")
def rows(tokenizer, smollm2):
    """rows(text, tokens) → what the table must show, as the program of the chapter computes it:
    first choice, its probability, that of the final choice, its place; and how far it leads."""

    @torch.no_grad()
    def of(text: str, tokens: int | None = None):
        ids = torch.tensor([[0, *tokenizer(text).input_ids][:tokens]])
        found = smollm2.model(ids, output_hidden_states=True).hidden_states
        states = torch.stack([*map(smollm2.model.norm, found[:-1]), found[-1]])[:, 0, -1]
        logits = smollm2.lm_head(states)
        chances, final = logits.softmax(-1), logits[-1].argmax()
        place = 1 + (logits > logits[:, final, None]).sum(-1)
        best = chances.max(-1)
        names = [shown(tokenizer.decode(i)) for i in best.indices]
        differ = (best.indices != final).nonzero().flatten()
        leads = 1 + differ[-1].item() if len(differ) else 0
        return names, best.values.tolist(), chances[:, final].tolist(), place.tolist(), leads

    return of


def holds(page, right, after: str) -> None:
    """Asserts that the widget shows all of these numbers."""
    names, best, final, place, leads = right
    expect(page.locator(".live-reading")).to_have_text(
        f"After “{after}”, the whole model says “{names[-1]}”, {100 * best[-1]:.1f}%. "
        + ("It leads only after the last layer." if leads == 30 else f"It leads for good after {leads} of 30 layers.")
    )
    cells = [row.locator("td").all_inner_texts() for row in page.locator(".live-layers tbody tr").all()]
    assert [row[0] for row in cells] == names
    assert [share(row[1]) for row in cells] == pytest.approx(best, abs=1e-3)
    assert [share(row[2]) for row in cells] == pytest.approx(final, abs=1e-3)
    places = [int(row[3].replace(",", "")) for row in cells]
    assert places == pytest.approx(place, rel=0.01, abs=1)
    assert places[-1] == 1
    same = page.locator(".live-layers tbody tr").evaluate_all("all => all.map(one => one.matches('.live-same'))")
    assert same == [name == names[-1] for name in names]


@pytest.fixture(scope="module")
def lens(stay):
    return opened(stay("lens", f"?data-text={TEXT}"))


def test_the_lens_says_what_the_program_says(lens, rows, says):
    says(
        "The box starts with *The capital of France is the city of*. In each row it says the first choice of the "
        "plain lens, and at which place of its ranking the final choice stands.",
        page="inside",
    )
    says("Each row says what SmolLM2 would say if it ended after that layer.", page="playground")
    holds(lens, rows(TEXT), "␣of")


def test_another_text_and_another_token(lens, rows):
    page = lens
    page.get_by_label(FIELD).fill("Once upon a time, there was a <b>little</b>")
    page.get_by_label(FIELD).press("Enter")
    holds(page, rows("Once upon a time, there was a <b>little</b>"), ">")
    assert page.locator(".live-widget b").count() == 0
    page.get_by_role("radio", name="␣a", exact=True).first.click()
    holds(page, rows("Once upon a"), "␣a")
    expect(page.get_by_role("status")).to_have_text(page.locator(".live-reading").inner_text().translate({ord(c): None for c in "␣“”"}))
    page.get_by_label(FIELD).fill("")
    page.get_by_role("button", name="Show the layers").click()
    expect(page.get_by_text("Write a text first.")).to_be_visible()


def test_the_layers_of_the_text_before_are_marked_as_such(lens, rows):
    page = lens
    page.locator(".live-layers").evaluate("""(view) => {
        globalThis.seen = [];
        new MutationObserver(() => seen.push([view.ariaBusy, view.querySelector(".live-reading").textContent.slice(0, 12)]))
            .observe(view, {attributes: true});
    }""")
    for text, after in ("Once upon a", "␣a"), (TEXT, "␣of"):
        page.get_by_label(FIELD).fill(text)
        page.get_by_label(FIELD).press("Enter")
        holds(page, rows(text), after)
    seen = page.evaluate("seen")
    assert [busy for busy, _ in seen] == ["true", "false"] * 2
    assert seen[2][1] == seen[1][1].ljust(12)[:12] and seen[3][1].startswith("After “␣of”")


def test_the_lens_by_keys_alone_and_by_a_link(visit, rows):
    page = visit("lens", f"?data-text={TEXT}")
    tab_to(page, page.button)
    page.keyboard.press("Enter")
    expect(page.widget).to_be_focused()
    tab_to(page, page.get_by_label(FIELD))
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("Two and two are four.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", checked=True)).to_have_text(".")
    tab_to(page, page.get_by_role("radio", checked=True))
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    holds(page, rows("Two and two"), "␣two")
    address = page.get_by_role("link", name="Link to this view").get_attribute("href")
    wish = parse_qs(urlsplit(address).query)
    assert wish["text"] == ["Two and two are four."] and wish["token"] == ["4"]
    page.goto(address)
    opened(page)
    holds(page, rows("Two and two"), "␣two")


@pytest.mark.parametrize("policy", [POLICY, PLAIN])
def test_the_lens_under_a_strict_policy_on_a_phone(visit, server, rows, violations, policy):
    server.site.policy = policy
    try:
        page = opened(visit("lens", f"?data-text={TEXT}", phone=True, expected="WebAssembly" if policy == PLAIN else ""))
        holds(page, rows(TEXT), "␣of")
        touched(page)
        if policy == POLICY:
            assert "\n".join(violations(page, ".live-widget")) == ""
    finally:
        server.site.policy = POLICY


# ----------------------------------------------------------------------------- heads off

NAMES = "Kelmar Tovik went to Brusna. Later, Kelmar"
BEST = [(17, 3), (17, 4), (17, 5), (18, 6), (18, 7), (23, 2), (23, 7), (24, 4)]


@pytest.fixture(scope="module")
def chances(tokenizer, smollm2):
    """chances(text, heads) → of the next token with these heads off, as the program puts them off."""
    torch.manual_seed(0)
    with torch.no_grad():
        instead, _ = heads.mean_outputs(smollm2, heads.repeated(4))

    @torch.no_grad()
    def of(text: str, some: list[tuple[int, int]]):
        with heads.off(smollm2, some, instead):
            return smollm2(torch.tensor([[0, *tokenizer(text).input_ids]])).logits[0, -1].softmax(-1)

    return of


def read(named: str) -> list[tuple[int, int]]:
    """[(17, 3), (17, 4)] of "layer 17: heads 3, 4"."""
    found = re.findall(r"layer (\d+): heads? ([\d, ]*\d)", named)
    return [(int(layer), int(head)) for layer, some in found for head in some.split(", ")]


def sets(page) -> tuple[list, list]:
    """The heads that are off, and those of the lot, as the widget names them."""
    off, _, lot = page.locator(".live-place > .live-quiet").first.inner_text().partition(" By lot: ")
    return read(off), read(lot)


def compared(page, chances, tokenizer, text: str, off: list) -> list:
    """Asserts that all numbers are those of the program with these heads off; the lot."""
    lots = page.locator(".live-place > .live-reading + p")
    expect(page.locator(".live-sets")).to_have_attribute("aria-busy", "false")
    if off:
        assert sets(page)[0] == off
        expect(lots).to_contain_text("With the lots of seeds")
    else:
        expect(page.locator(".live-place > .live-quiet").first).to_have_text("No head is off.")
    _, lot = sets(page)
    assert len(lot) == len(off) and not set(lot) & set(off)
    columns = [chances(text, some) for some in ([], off, lot)][: 3 if off else 1]
    head, *rows = page.locator(".live-sets tr").all()
    count = len(off)
    expect(head.locator("th")).to_have_text(["all heads", f"these {count} off", f"{count} others off"][: len(columns)])
    ids = list(dict.fromkeys(i for column in columns for i in column.topk(5).indices.tolist()))
    assert [row.locator("th").inner_text() for row in rows] == [shown(tokenizer.decode([i])) for i in ids]
    cells = [[share(cell) for cell in row.locator("td").all_inner_texts()] for row in rows]
    right = torch.stack(columns, 1)[ids]
    assert torch.allclose(torch.tensor(cells), right, atol=1e-3)
    first = shown(tokenizer.decode([columns[0].argmax()]))
    reading = page.locator(".live-reading").inner_text()
    assert reading.startswith(f"With all heads: “{first}” {100 * columns[0].max():.1f}%.")
    for column, when in zip(columns[1:], (f"With the {count} head", "With as many others by lot off")):
        assert f"“{shown(tokenizer.decode([column.argmax()]))}” " in reading.split(when)[1]
    if off:
        told = [share(one) for one in re.findall(r"<?[\d.]+%", lots.inner_text())]
        assert len(told) == 5 and told[0] == pytest.approx(columns[2][columns[0].argmax()].item(), abs=1e-3)
    return lot


@pytest.fixture(scope="module")
def heads_off(stay):
    return opened(stay("heads_off"))


@pytest.fixture
def switches(heads_off):
    heads_off.get_by_label(FIELD).fill(NAMES)
    heads_off.get_by_label("seed of the lot").fill("1")
    heads_off.get_by_role("button", name="All heads on").click()
    expect(heads_off.get_by_text("No head is off.")).to_be_visible()
    return heads_off


def switch(page, layer: int, head: int):
    return page.get_by_role("button", name=re.compile(rf"^layer {layer}, head {head}(:|$)"))


def test_it_starts_with_names_said_once_and_with_all_heads_on(heads_off, chances, tokenizer, says):
    says(
        f"The box starts with *{NAMES}* and with all heads on.",
        page="inside",
    )
    page = heads_off  # which nobody has used yet
    compared(page, chances, tokenizer, NAMES, [])
    expect(page.get_by_label(FIELD)).to_have_value(NAMES)
    assert NAMES.count("Tovik") == 1 and NAMES.endswith("Kelmar") and NAMES.startswith("Kelmar Tovik")
    assert tokenizer.decode([chances(NAMES, []).argmax()]) == " T", "the T of Tovik"
    expect(page.locator('.live-head[aria-pressed="true"]')).to_have_count(0)


def test_the_best_heads_and_as_many_others_by_lot(switches, chances, tokenizer, says):
    says(
        "Press a head and it hands on its mean output, whatever it looks at.",
        "Start with the best heads of the chapter, then put a whole layer off.",
        page="playground",
    )
    page = switches
    compared(page, chances, tokenizer, NAMES, [])
    page.get_by_role("button", name="The best 8 of the chapter off").click()
    lot = compared(page, chances, tokenizer, NAMES, BEST)
    expect(switch(page, 17, 3)).to_have_attribute("aria-pressed", "true")
    expect(switch(page, *lot[0])).to_have_accessible_name(f"layer {lot[0][0]}, head {lot[0][1]}: off in the set by lot")
    expect(page.locator('.live-head[aria-pressed="true"]')).to_have_text(["×"] * 8)
    page.get_by_label("seed of the lot").fill("2")
    becomes(page, lambda: sets(page)[1] != lot, True)
    expect(page.locator(".live-reading + p")).to_contain_text("seeds 2 to 6")
    second = compared(page, chances, tokenizer, NAMES, BEST)
    page.get_by_label("seed of the lot").fill("1")
    becomes(page, lambda: sets(page)[1], lot)
    assert second != lot, "another seed, another lot; the same seed, the same lot"


def test_another_text_and_any_heads(switches, chances, tokenizer):
    page = switches
    text = "The robot watered the <b>sunflowers</b> because"
    page.get_by_label(FIELD).fill(text)
    page.get_by_label(FIELD).press("Enter")
    for head in ((29, 8), (0, 0), (16, 0)):
        switch(page, *head).click()
    compared(page, chances, tokenizer, text, [(0, 0), (16, 0), (29, 8)])
    assert page.locator(".live-widget b", has_text="sunflowers").count() == 0
    for head in ((29, 8), (0, 0)):
        switch(page, *head).click()
    compared(page, chances, tokenizer, text, [(16, 0)])
    expect(page.get_by_role("status")).to_contain_text("With all heads: ")
    page.get_by_role("button", name="Head 0 of layer 16 off").click()
    compared(page, chances, tokenizer, text, [(16, 0)])
    page.get_by_label(FIELD).fill("")
    page.get_by_role("button", name="Read this text").click()
    expect(page.get_by_text("Write a text first.")).to_be_visible()


def test_heads_off_by_keys_alone_and_by_a_link(visit, chances, tokenizer):
    page = visit("heads_off")
    tab_to(page, page.button)
    page.keyboard.press("Enter")
    expect(page.widget).to_be_focused()
    tab_to(page, switch(page, 0, 0))
    for key in ("ArrowDown", "ArrowRight", "Enter", "ArrowDown", "Space"):
        page.keyboard.press(key)
    expect(switch(page, 2, 1)).to_be_focused()
    lot = compared(page, chances, tokenizer, NAMES, [(1, 1), (2, 1)])
    address = page.get_by_role("link", name="Link to this view").get_attribute("href")
    wish = parse_qs(urlsplit(address).query)
    assert (wish["off"], wish["text"], wish["seed"]) == (["1.1-2.1"], [NAMES], ["1"])
    page.goto(address)
    opened(page)
    assert compared(page, chances, tokenizer, NAMES, [(1, 1), (2, 1)]) == lot


def test_heads_off_on_a_phone_by_a_link_with_mistakes(visit, chances, tokenizer, violations):
    """What is no head and no seed is left out."""
    page = opened(visit("heads_off", "?live=the-figure&off=16.0-30.0-x-2.9&seed=-4", phone=True))
    compared(page, chances, tokenizer, NAMES, [(16, 0)])
    expect(page.get_by_label("seed of the lot")).to_have_value("1")
    numbers = page.evaluate(
        "[...document.querySelectorAll('.live-switch-row > :first-child')].map((one) => one.getBoundingClientRect().height)"
    )
    assert len(numbers) == 30 and max(numbers) < 1.5 * min(numbers), "a number stands in one line"
    touched(page)
    assert "\n".join(violations(page, ".live-widget")) == ""


def test_on_a_phone_the_answer_is_seen_while_heads_are_pressed(visit):
    """The heads are taller than the window: what becomes of the answer stands at its foot, and hides none that is reached."""
    page = opened(visit("heads_off", phone=True))
    reading, view = page.locator(".live-reading"), page.locator(".live-sets")
    expect(view).to_have_attribute("aria-busy", "false")
    page.get_by_role("button", name="The best 8 of the chapter off").tap()
    expect(reading).to_contain_text("With the 8 heads off: ")
    assert view.bounding_box()["y"] > 780
    box = reading.bounding_box()
    assert 0 < box["y"] and box["y"] + box["height"] <= 780
    page.get_by_role("button", name="All heads on").focus()
    page.keyboard.press("Tab")
    for _ in range(20):
        page.keyboard.press("ArrowDown")
    expect(switch(page, 20, 0)).to_be_focused()
    head = switch(page, 20, 0).bounding_box()
    assert head["y"] + head["height"] <= reading.bounding_box()["y"]
    # Pale while it computes, and yet nothing shines through.
    view.evaluate("node => (node.ariaBusy = 'true')")
    assert reading.evaluate("node => getComputedStyle(node).opacity") == "1"
