"""Similarity with heads of MiniLM off, in a real browser with the real weights, against PyTorch."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import torch
from browser import PLAIN, POLICY, becomes, opened, tab_to
from playwright.sync_api import expect

from snippets.shared.encoder_heads import Encoder

pytest_plugins = ["browser"]

LINES = [line.split("\t") for line in Path("snippets/architecture/pairs.tsv").read_text("utf-8").splitlines()]
TEXTS = [LINES[0][0], *(second for _, second in LINES[:3])]  # what the box starts with
FIELDS = ["The sentence that is compared with these three", "Sentence 1", "Sentence 2", "Sentence 3"]
EVERY = [divmod(place, 12) for place in range(72)]
LAST = EVERY[60:]


@pytest.fixture(scope="module")
def cosines():
    """cosines(texts, heads) → of the first text with each other, with these heads off, as the program does it."""
    encoder = Encoder(Path("snippets/from_scratch/sentences.txt").read_text("utf-8").splitlines()[1:13])

    def of(texts: list[str], off: list[tuple[int, int]]) -> torch.Tensor:
        first, *others = encoder.embed(texts, off)
        return torch.stack(others) @ first

    return of


def read(named: str) -> list[tuple[int, int]]:
    """[(5, 3), (5, 4)] of "layer 5: heads 3, 4"; twelve of "layer 5: all heads"."""
    found = re.findall(r"layer (\d+): (?:heads? ([\d, ]*\d)|all heads)", named)
    return [(int(layer), int(head)) for layer, some in found for head in (some.split(", ") if some else range(12))]


def compared(page, cosines, texts: list[str], off: list) -> tuple[list, list]:
    """Asserts that all numbers are those of the program with these heads off; the first lot, the cells."""
    rest = len(EVERY) - len(off) >= len(off)
    names = ["all heads", *([f"these {len(off)} off"] if off else [])]
    table = page.locator(".live-layers tbody tr")
    sets = page.locator(".live-place > .live-quiet").first
    becomes(page, lambda: read(sets.inner_text().partition(" By lot")[0]), sorted(off))
    expect(page.locator(".live-layers")).to_have_attribute("aria-busy", "false")
    lot = read(sets.inner_text().partition(" By lot")[2])
    assert len(lot) == (len(off) if rest else 0) and not set(lot) & set(off)
    cells = [[float(cell.replace("−", "-")) for cell in row.locator("td").all_inner_texts()] for row in table.all()]
    assert [row.locator("th").inner_text() for row in table.all()][: len(names)] == names
    assert len(cells) == len(names) + (5 if off and rest else 0)
    for some, row in zip(([], off, lot), cells, strict=False):
        assert torch.allclose(torch.tensor(row), cosines(texts, some), atol=6e-3)  # two decimals are shown
    for row, shown in zip(cells, table.all(), strict=True):
        bold = shown.locator("td").evaluate_all("all => all.map((one) => one.matches('.live-first'))")
        assert bold.count(True) == 1 and row[bold.index(True)] == max(row)
    return lot, cells


@pytest.fixture(scope="module")
def similarity(stay):
    return opened(stay("similarity"))


@pytest.fixture
def box(similarity):
    for label, text in zip(FIELDS, TEXTS, strict=True):
        similarity.get_by_label(label).fill(text)
    similarity.get_by_label("seed of the lot").fill("1")
    similarity.get_by_role("button", name="Layer 5 off").click()
    expect(similarity.get_by_text("Off: layer 5: all heads.")).to_be_visible()
    return similarity


def switch(page, layer: int, head: int):
    return page.get_by_role("button", name=re.compile(rf"^layer {layer}, head {head}(:|$)"))


def test_it_starts_with_the_last_line_of_the_program(similarity, cosines, values, says):
    says(
        "The box starts with the robot, its partner and the partners of the next two pairs, and with the last layer's heads "
        "off: its cosines are those of the program's last line. Beside them stand five lots of twelve.",
        page="inside",
    )
    page = similarity  # which nobody has used yet
    _, (whole, last, *lots) = compared(page, cosines, TEXTS, LAST)
    program = values("inside/similar")
    assert [f"{one:.2f}" for one in whole] == program.three_all_on.split(", ")
    assert [f"{one:.2f}" for one in last] == program.three_last.split(", ")
    assert len(lots) == 5
    same = sum(row[0] == max(row) for row in lots)
    expect(page.locator(".live-reading")).to_have_text(
        f"Nearest with all heads: sentence 1, {whole[0]:.2f}. With the 12 heads off: sentence 1, {last[0]:.2f}. "
        f"With as many others off, sentence 1 is nearest in {same} of 5 lots."
    )
    expect(page.get_by_role("status")).to_have_text(page.locator(".live-reading").inner_text())


def test_on_a_phone_the_answer_is_seen_with_the_button(visit):
    page = opened(visit("similarity", phone=True))
    reading = page.locator(".live-reading")
    expect(reading).to_contain_text("With the 12 heads off: ")
    page.get_by_label("Sentence 3").fill("Robots water sunflowers.")
    page.get_by_role("button", name="Compare").tap()
    expect(reading).to_contain_text("sentence 3, ")
    box = reading.bounding_box()
    assert 0 < box["y"] and box["y"] + box["height"] <= 780


def test_all_off_none_off_and_another_seed(box, cosines, says):
    says(
        "Press a head of MiniLM: how similar does it find your sentences without it, and without as many others by lot?",
        "Start with the last layer off, then put another one off instead.",
        page="playground",
    )
    page = box
    lot, _ = compared(page, cosines, TEXTS, LAST)
    expect(switch(page, *lot[0])).to_have_accessible_name(f"layer {lot[0][0]}, head {lot[0][1]}: off in the set by lot")
    page.get_by_label("seed of the lot").fill("2")
    expect(page.get_by_text("By lot, seed 2:")).to_be_visible()
    second, (*_, after) = compared(page, cosines, TEXTS, LAST)
    assert second != lot
    page.get_by_role("button", name="All 72 off").click()
    compared(page, cosines, TEXTS, EVERY)
    expect(page.get_by_text("There are not as many others, so nothing stands beside it.")).to_be_visible()
    expect(page.locator('.live-head[aria-pressed="true"]')).to_have_count(72)
    page.get_by_role("button", name="All heads on").click()
    expect(page.get_by_text("No head is off.")).to_be_visible()
    compared(page, cosines, TEXTS, [])
    page.get_by_role("button", name="Layer 0 off").click()
    compared(page, cosines, TEXTS, EVERY[:12])


def test_other_sentences_and_any_heads(box, cosines):
    page = box
    texts = ["The bank raised its <b>rates</b>.", "Borrowing money costs more.", "We sat on the bank of the river."]
    for label, text in zip(FIELDS, [texts[0], texts[1], " ", texts[2]], strict=True):
        page.get_by_label(label).fill(text)
    page.get_by_label(FIELDS[3]).press("Enter")
    expect(page.locator(".live-layers thead th")).to_have_text(["sentence 1", "sentence 3"])
    page.get_by_role("button", name="All heads on").click()
    for head in ((2, 7), (0, 11), (5, 0)):
        switch(page, *head).click()
    compared(page, cosines, texts, [(0, 11), (2, 7), (5, 0)])
    switch(page, 0, 11).click()
    switch(page, 2, 7).click()
    compared(page, cosines, texts, [(5, 0)])
    expect(page.locator(".live-reading")).to_contain_text("With the 1 head off: ")
    assert page.locator(".live-widget b", has_text="rates").count() == 0
    page.get_by_label(FIELDS[0]).fill("")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text("Write a sentence, and one at least to compare it with.")).to_be_visible()


# What stands there right after the reader has asked, before anything can have been computed.
ASK = """(box) => {
  box.querySelector("form").requestSubmit();
  return [box.querySelector(".live-place > [role=alert]").textContent, box.querySelector(".live-layers").ariaBusy];
}"""


def test_while_it_computes_the_old_numbers_are_faint_and_no_problem_stands_there(box):
    page = box
    page.get_by_label(FIELDS[0]).fill("")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text("Write a sentence, and one at least")).to_be_visible()
    page.get_by_label(FIELDS[0]).fill("Robots water flowers.")
    assert page.widget.evaluate(ASK) == ["", "true"]
    view, reading = page.locator(".live-layers"), page.locator(".live-reading")
    expect(view).to_have_attribute("aria-busy", "false")
    for busy, opacity in ("true", "0.4"), ("false", "1"):
        view.evaluate("(view, busy) => { view.ariaBusy = busy; }", busy)
        expect(view).to_have_css("opacity", opacity)
        pale = re.compile(r"/ 0\.4\)$" if busy == "true" else r"^rgb\(")  # the heads do not shine through it
        expect(reading).to_have_css("color", pale)
        expect(reading).to_have_css("opacity", "1")


def test_a_seed_that_is_none_is_said(box):
    field = box.get_by_label("seed of the lot")
    field.evaluate("field => { field.reportValidity = () => { globalThis.told = true; }; }")
    field.fill("-3")
    field.press("Enter")
    box.wait_for_function("() => globalThis.told")


def test_by_keys_alone_and_by_a_link(visit, cosines):
    page = visit("similarity")
    tab_to(page, page.button)
    page.keyboard.press("Enter")
    expect(page.widget).to_be_focused()
    tab_to(page, page.get_by_role("button", name="All heads on"))
    page.keyboard.press("Space")
    tab_to(page, switch(page, 0, 0))
    for key in ("ArrowDown", "ArrowRight", "Enter", "ArrowDown", "Space"):
        page.keyboard.press(key)
    expect(switch(page, 2, 1)).to_be_focused()
    lot, cells = compared(page, cosines, TEXTS, [(1, 1), (2, 1)])
    address = page.get_by_role("link", name="Link to this view").get_attribute("href")
    wish = parse_qs(urlsplit(address).query)
    assert (wish["off"], wish["text"], wish["third"], wish["seed"]) == (["1.1-2.1"], [TEXTS[0]], [TEXTS[3]], ["1"])
    page.goto(address)
    opened(page)
    assert compared(page, cosines, TEXTS, [(1, 1), (2, 1)]) == (lot, cells)


@pytest.mark.parametrize("policy", [POLICY, PLAIN])
def test_on_a_phone_by_a_link_with_mistakes(visit, server, cosines, violations, policy):
    """What is no head and no seed is left out; without WebAssembly the numbers are the same."""
    server.site.policy = policy
    try:
        refused = "WebAssembly" if policy == PLAIN else ""
        page = opened(visit("similarity", "?live=the-figure&off=3.11-6.0-x-2.12&seed=-4", phone=True, expected=refused))
        compared(page, cosines, TEXTS, [(3, 11)])
        expect(page.get_by_label("seed of the lot")).to_have_value("1")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        right = "all => Math.max(...all.map((one) => one.getBoundingClientRect().right))"
        assert page.locator(".live-head").evaluate_all(right) <= page.evaluate("document.documentElement.clientWidth")
        sizes = "all => all.flatMap((one) => [one.getBoundingClientRect().width, one.getBoundingClientRect().height])"
        assert min(page.widget.locator(":is(button, input, textarea):visible").evaluate_all(sizes)) >= 24
        if policy == POLICY:
            assert "\n".join(violations(page, ".live-widget")) == ""
    finally:
        server.site.policy = POLICY
