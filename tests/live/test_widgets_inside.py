"""The lens and the heads that are off in a real browser, with the real weights, against PyTorch."""

from urllib.parse import parse_qs, urlsplit

import pytest
import torch
from browser import PLAIN, POLICY, becomes, opened, tab_to
from playwright.sync_api import expect
from transformers import AutoModelForCausalLM, AutoTokenizer

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
        f"After {after}, all 30 layers say {names[-1]}, {100 * best[-1]:.1f}%. "
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


def test_the_lens_says_what_the_program_says(lens, rows):
    holds(lens, rows(TEXT), "␣of")


def test_another_text_and_another_token(lens, rows):
    page = lens
    page.get_by_label(FIELD).fill("Once upon a time, there was a <b>little</b>")
    page.get_by_label(FIELD).press("Enter")
    holds(page, rows("Once upon a time, there was a <b>little</b>"), ">")
    assert page.locator(".live-widget b").count() == 0
    page.get_by_role("radio", name="␣a", exact=True).first.click()
    holds(page, rows("Once upon a"), "␣a")
    expect(page.get_by_role("status")).to_have_text(page.locator(".live-reading").inner_text().replace("␣", ""))
    page.get_by_label(FIELD).fill("")
    page.get_by_role("button", name="Show the layers").click()
    expect(page.get_by_text("Write a text first.")).to_be_visible()


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
