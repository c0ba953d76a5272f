"""Next token, decoding and chat in a real browser, with the real weights, against PyTorch."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import torch
from browser import PLAIN, POLICY, becomes, send_and_stop, tab_to
from playwright.sync_api import expect
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers import TopKLogitsWarper as TopK
from transformers import TopPLogitsWarper as TopP

pytest_plugins = ["browser"]

PROMPT = "The robot watered the sunflowers because"
GREEDY = " it was a robot that could do what humans did."


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained("models/smollm2")


@pytest.fixture(scope="module")
def smollm2():
    model = AutoModelForCausalLM.from_pretrained("models/smollm2", attn_implementation="eager")
    return model.eval()


@pytest.fixture(scope="module")
def after(tokenizer, smollm2):
    """after(text) → the probabilities of the next token, and the row of each head."""

    @torch.no_grad()
    def run(text: str):
        out = smollm2(**tokenizer(text, return_tensors="pt"), output_attentions=True)
        rows = torch.stack([layer[0, :, -1] for layer in out.attentions])
        return out.logits[0, -1], rows  # (vocabulary,), (layers, heads, tokens)

    return run


def by_keys(page):
    """The same page, its widget opened by keys alone."""
    tab_to(page, page.button)
    page.keyboard.press("Enter")
    expect(page.widget).to_be_focused()
    return page


def at(page, count: int) -> None:
    """Wait until the bars are those after so many taken tokens: the link is renewed after them."""
    taken = "-".join([r"\d+"] * count)
    link = page.get_by_role("link", name="Link to this view")
    expect(link).to_have_attribute("href", re.compile(rf"[?&]taken={taken}(&|#|$)"))


# Loading takes longer than all else, so each widget is opened once for most of its tests.


@pytest.fixture(scope="module")
def next_token_page(stay):
    return by_keys(stay("next_token"))


@pytest.fixture
def next_token(next_token_page):
    page = next_token_page
    for label, value in (("temperature", "1"), ("top-k", "13"), ("top-p", "1")):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Start from this text").click()
    expect(page.locator(".live-taken button")).to_have_count(0)
    expect(page.locator(".live-kept")).to_have_text("All 49,152 tokens can be drawn.")
    at(page, 0)
    return page


@pytest.fixture(scope="module")
def decoding(stay):
    return by_keys(stay("decoding"))


@pytest.fixture(scope="module")
def chat(stay):
    return by_keys(stay("chat"))


def narrow(page) -> None:
    """Asserts that a phone shows all of it, with parts that are large enough to touch."""
    before = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    sizes = page.widget.locator(":is(button, input, select):visible").evaluate_all(
        """all => all.filter(one => one.type != "checkbox" && one.type != "range")
            .map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"""
    )
    assert sizes and min(map(min, sizes)) >= 24
    seen = page.widget.locator("caption:visible").evaluate_all(
        """all => all.flatMap((one) => [0, 9999].map((left) => {
            one.closest(".md-typeset__scrollwrap").scrollLeft = left;
            const box = one.getBoundingClientRect();
            return box.left >= 0 && box.right <= innerWidth;
        }))"""
    )
    assert all(seen), "the words over a table stay in sight, however far it is scrolled"
    page.set_viewport_size(before)


def heard(page):
    """The place that screen readers listen to."""
    return page.locator(".live-heard")


def share(text: str) -> float:
    """"27.2%" → 0.272"""
    return float(re.search(r"[\d.]+", text)[0]) / 100


def bars(page) -> list[list[str]]:
    """What each bar says: rank, token, model, draw."""
    rows = page.locator("button.live-bar").all()
    return [[s for s in row.locator("> span").all_inner_texts()] for row in rows]


def taken(page) -> str:
    """The text that has been taken, token by token."""
    labels = page.locator(".live-taken button").evaluate_all(
        "all => all.map(one => one.firstChild.textContent)"
    )
    return "".join(labels).replace("␣", " ").replace("↵", "\n")


def done(page) -> None:
    """Wait until the writing is over."""
    expect(page.locator("button:disabled", has_text="Stop")).to_be_visible()


def write(page) -> None:
    """Press Write, and wait until the writing is over."""
    start = page.get_by_role("button", name="Write")
    start.click()
    expect(start).to_have_attribute("aria-disabled", "false")


# ------------------------------------------------------------------------------ next token


def test_the_bars_are_pytorchs_probabilities(next_token, tokenizer, after):
    page = next_token
    logits, _ = after(PROMPT)
    top = logits.softmax(-1).topk(12)
    rows = bars(page)
    assert [row[1].replace("␣", " ") for row in rows] == [tokenizer.decode(i) for i in top.indices]
    assert [share(row[3]) for row in rows] == pytest.approx(top.values.tolist(), abs=1e-3)
    assert [row[3] for row in rows] == [row[4] for row in rows]
    rest = page.locator("li.live-bar > span").all_inner_texts()
    assert rest[1] == "49,140 others" and rest[3] == rest[4]
    assert share(rest[3]) == pytest.approx(1 - top.values.sum().item(), abs=1e-3)


@pytest.mark.parametrize("wish", [(1, 3, 1), (0.5, 0, 0.8), (1.5, 50, 0.6)])
def test_the_kept_set_is_the_librarys(next_token, after, wish):
    page = next_token
    temperature, k, p = wish
    places = [1, 2, 3, 5, 8, 10, 20, 40, 50, 100, 200, 500, 1000, 0]
    page.get_by_label("temperature").fill(str(temperature))
    page.get_by_label("top-k").fill(str(places.index(k)))
    page.get_by_label("top-p").fill(str(p))
    scores = after(PROMPT)[0][None] / temperature
    warm = scores.softmax(-1)[0]
    scores = TopK(k)(None, scores) if k else scores
    scores = TopP(p)(None, scores) if p < 1 else scores
    kept = int(scores.isfinite().sum())
    held = warm[scores[0].isfinite()].sum().item()
    line = page.locator(".live-kept")
    expect(line).to_have_text(re.compile(rf"Kept: {kept} of 49,152 tokens, [\d.]+% of"))
    assert share(line.inner_text().split("tokens,")[1]) == pytest.approx(held, abs=1e-3)
    expected = scores.softmax(-1)[0].topk(12).values.tolist()
    for row, chance in zip(bars(page), expected):
        assert row[4] == "cut" if chance == 0 else share(row[4]) == pytest.approx(chance, abs=1e-3)
    words = [row[4] for row in bars(page)]
    hatched = [one.is_visible() for one in page.locator("button.live-bar .live-cut").all()]
    assert hatched == [word == "cut" for word in words]


def test_greedy_steps_back_and_branches_by_mouse(next_token):
    page = next_token
    page.get_by_role("button", name="Finish the sentence greedily").click()
    expect(page.locator(".live-taken button").nth(10)).to_be_visible()
    assert taken(page) == GREEDY
    page.locator(".live-taken button").nth(1).click()  # before the second token
    expect(page.locator(".live-taken button")).to_have_count(1)
    expect(page.locator("button.live-bar").first).to_have_accessible_name(
        re.compile("^1: was, .* taken before$")
    )
    page.locator("button.live-bar").nth(1).click()
    expect(page.locator(".live-taken button")).to_have_count(2)
    assert taken(page) == " it's"
    page.get_by_role("tab", name="Branches").click()
    branches = page.locator(".live-branches button")
    expect(branches).to_have_text([f"…{GREEDY}", "… it's"])
    branches.first.click()
    expect(page.locator(".live-taken button")).to_have_count(11)
    assert taken(page) == GREEDY
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.locator(".live-taken button")).to_have_count(10)
    narrow(page)


TWICE = """(bar) => new Promise((done) => {
  const counts = [], taken = document.querySelector(".live-taken");
  new MutationObserver(() => {
    counts.push(taken.children.length);
    if (counts.length === 2) done(counts);
  }).observe(taken, {childList: true});
  bar.click();
  bar.click();
  document.querySelector(".live-form").requestSubmit();
})"""


def test_a_press_takes_what_was_seen(next_token):
    """A second press before the model has answered is for a token of the text before."""
    bar = next_token.locator("button.live-bar").nth(1)
    assert bar.evaluate(TWICE) == [1, 0], "one token was taken; then the text began anew"


def test_the_bars_of_the_text_before_are_marked_as_such(next_token):
    page = next_token
    page.locator(".live-bars").evaluate("""(bars) => {
        globalThis.seen = [];
        const prompt = document.querySelector(".live-written > .live-quiet");
        new MutationObserver(() => seen.push([bars.parentNode.ariaBusy, prompt.textContent]))
            .observe(bars.parentNode, {attributes: true});
    }""")
    page.get_by_label("Text that the model reads").fill("Once upon a")
    page.get_by_role("button", name="Start from this text").click()
    expect(page.locator(".live-written > .live-quiet")).to_have_text("Once upon a")
    before, after = page.evaluate("seen.slice(-2)")  # what came earlier is of the test before
    assert before == ["true", PROMPT] and after[0] == "false"
    page.get_by_label("Text that the model reads").fill(PROMPT)


def test_a_draw_stays_inside_the_kept_set(next_token):
    page = next_token
    page.get_by_label("top-k").fill("1")  # two tokens
    expect(page.locator(".live-kept")).to_contain_text("Kept: 2 of")
    for count in range(1, 6):
        names = [row[1].removesuffix(" ↩") for row in bars(page)[:2]]
        allowed = [name.replace("␣", " ").replace("↵", "\n") for name in names]
        before = taken(page)
        page.get_by_role("button", name="Draw one").click()
        at(page, count)
        assert taken(page).removeprefix(before) in allowed


def test_next_token_by_keys_alone(next_token):
    page = next_token
    page.widget.focus()
    tab_to(page, page.locator("button.live-bar[tabindex='0']"))
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".live-taken button")).to_have_count(1)
    assert taken(page) == " they"
    expect(page.locator("button.live-bar").nth(1)).to_be_focused()
    expect(heard(page)).to_contain_text("Taken: they. First now: ")
    tab_to(page, page.get_by_label("top-k"))
    page.keyboard.press("Home")
    expect(page.locator(".live-kept")).to_contain_text("Kept: 1 of")
    expect(page.get_by_label("top-k")).to_have_attribute("aria-valuetext", "1")
    tab_to(page, page.get_by_role("tab", selected=True))
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("layer")).to_be_visible()
    narrow(page)


def test_a_continuation_has_pytorchs_probability(next_token, tokenizer, smollm2):
    page = next_token
    page.get_by_role("tab", name="Continuation").click()
    field = page.get_by_label("How probable is this continuation?")
    for text in ("they were thirsty.", "<b>the</b> sun did not"):
        field.fill(text)
        field.press("Enter")
        whole = tokenizer(f"{PROMPT} {text}", return_tensors="pt").input_ids
        start = len(tokenizer(PROMPT).input_ids)
        with torch.no_grad():
            scores = smollm2(whole).logits[0, start - 1 : -1].log_softmax(-1)
        scores = scores.gather(1, whole[0, start:, None])[:, 0]
        said = page.locator(".live-ask + .live-reading")
        total = f"{scores.sum():.2f}".replace("-", "−")
        expect(said).to_contain_text(f"Log-probability {total}, ")
        chips = page.locator(".live-strip:visible .live-weight").all_inner_texts()
        assert [share(chip) for chip in chips] == pytest.approx(scores.exp().tolist(), abs=1e-3)
    assert page.locator(".live-widget b", has_text="the").count() == 0


def test_the_attention_of_the_step_is_pytorchs(next_token, after):
    page = next_token
    page.get_by_role("tab", name="Attention").click()
    rows = after(PROMPT)[1]
    chips = page.locator(".live-strip:visible .live-weight")

    def shown():
        return [share(chip) for chip in chips.all_inner_texts()]

    expect(chips).to_have_count(rows.shape[-1])
    becomes(page, shown, pytest.approx(rows.mean((0, 1)).tolist(), abs=1e-3))
    page.get_by_label("layer").select_option("14")
    assert shown() == pytest.approx(rows[13].mean(0).tolist(), abs=1e-3)
    page.get_by_label("head").select_option("3")
    assert shown() == pytest.approx(rows[13, 2].tolist(), abs=1e-3)
    page.get_by_label("leave out the first token").check()
    rest = rows[13, 2].clone()
    rest[0] = 0
    assert shown() == pytest.approx((rest / rest.sum()).tolist(), abs=2e-3)
    page.get_by_label("layer").select_option("mean of all 30")
    reading = page.locator(".live-reading:visible")
    expect(reading).to_contain_text("All layers, head 3: ␣because looks at")


def test_a_link_brings_the_branch_and_the_sliders_back(next_token, tokenizer):
    page = next_token
    page.locator("button.live-bar").nth(1).click()
    at(page, 1)
    page.locator("button.live-bar").nth(2).click()
    at(page, 2)
    page.get_by_label("temperature").fill("0.7")
    page.get_by_label("top-k").fill("6")  # 20 tokens
    page.get_by_label("top-p").fill("0.9")
    page.get_by_role("tab", name="Attention").click()
    # One thing after the other: when both tokens stand here, the bars follow all three sliders.
    read = len(tokenizer(PROMPT).input_ids)
    expect(page.locator(".live-strip:visible li")).to_have_count(read + 2)
    kept = page.locator(".live-kept")
    expect(kept).to_contain_text("Kept: ")
    before = taken(page), bars(page), kept.inner_text()
    link = page.get_by_role("link", name="Link to this view").get_attribute("href")
    page.goto(link)
    by_keys(page)
    expect(page.locator(".live-taken button")).to_have_count(2)
    expect(kept).to_have_text(before[2])
    assert (taken(page), bars(page), kept.inner_text()) == before
    expect(page.get_by_role("tab", name="Attention")).to_have_attribute("aria-selected", "true")
    assert all(one == "off" for one in page.locator("output").evaluate_all(
        "all => all.map(one => one.ariaLive)"))  # fmt: skip


def test_a_press_counts_while_the_same_text_is_read_again(next_token):
    """The bars that come show what stood there: the press was seen, and must not be lost."""
    page = next_token
    page.evaluate(
        """[...document.querySelectorAll("button")].find((one) => one.textContent === "Start from this text").click();
        document.querySelectorAll("button.live-bar")[1].click()"""
    )
    at(page, 1)


def test_the_text_that_the_model_gets_is_the_one_that_is_shown(next_token, tokenizer, after, smollm2):
    """Spaces at the ends and line ends too: each is seen, and each is fed."""
    page = next_token
    text = " The  robot\nsaid: "
    field = page.get_by_label("Text that the model reads")
    field.fill(text)
    page.get_by_role("button", name="Start from this text").click()
    shown = page.locator(".live-written > .live-quiet")
    expect(shown).to_have_text("␣The  robot\nsaid:␣", use_inner_text=True)
    assert shown.evaluate("node => getComputedStyle(node).whiteSpaceCollapse") == "preserve"
    top = after(text)[0].softmax(-1).topk(3)
    right = pytest.approx(top.values.tolist(), abs=1e-3)
    # The text is shown before the model has read it.
    becomes(page, lambda: [share(row[3]) for row in bars(page)[:3]], right)
    link = page.get_by_role("link", name="Link to this view").get_attribute("href")
    assert parse_qs(urlsplit(link).query)["text"] == [text]
    page.get_by_role("tab", name="Continuation").click()
    continuation = page.get_by_label("How probable is this continuation?")
    continuation.fill("yes  ")
    page.get_by_label("with a space before it").uncheck()
    continuation.press("Enter")
    pieces = page.locator(".live-strip:visible .live-piece")
    expect(pieces).to_have_text(["yes", "␣␣"] if len(tokenizer("yes  ").input_ids) == 2 else ["yes", "␣", "␣"])
    page.get_by_label("with a space before it").check()
    field.fill(PROMPT)


def test_a_link_brings_any_number_in_range(visit):
    """Between the steps of the sliders too; what is out of range is left out."""
    page = by_keys(visit("next_token", "?live=the-figure&temperature=0.73&topK=13&topP=0.925"))
    said = page.locator(".live-slider output")
    expect(said).to_have_text(["0.73", "13", "0.925"])
    expect(page.locator(".live-kept")).to_contain_text("Kept: ")
    link = page.get_by_role("link", name="Link to this view").get_attribute("href")
    query = parse_qs(urlsplit(link).query)
    assert [query[name] for name in ("temperature", "topK", "topP")] == [["0.73"], ["13"], ["0.925"]]
    page = by_keys(visit("next_token", "?live=the-figure&temperature=7&topK=-1&topP=x"))
    expect(page.locator(".live-slider output")).to_have_text(["1", "all", "all"])


# ------------------------------------------------------------------------------ decoding

FITS = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.value)"


def test_fields_show_all_their_digits(visit):
    page = by_keys(visit("decoding"))  # of its own: it writes other texts than those after it read
    done(page)
    fields = page.locator(".live-number-field input")
    wishes = {"tokens": "80", "beams": "6", "top-k": "1000", "top-p": "0.925", "seed": "999999"}
    for label, value in wishes.items():
        page.get_by_label(label, exact=True).fill(value)
        expect(page.get_by_label(label, exact=True)).to_have_value(value)
    assert fields.evaluate_all(FITS) == []
    assert fields.evaluate_all("all => all.every(one => one.checkValidity())")
    # Nothing is drawn over the digits: the arrows of some browsers take up to 20 px.
    assert set(fields.evaluate_all("all => all.map(one => getComputedStyle(one).appearance)")) == {"textfield"}
    narrow(page)
    page.get_by_label("tokens", exact=True).fill("2")
    page.get_by_label("beams", exact=True).fill("2")
    write(page)
    expect(page.locator(".live-name span", has_text="p = ")).to_have_text(" · p = 0.925")


def test_a_link_sets_the_fields(visit):
    page = by_keys(visit("decoding", "?live=the-figure&topP=0.92&seed=123456&steps=1&beams=99"))
    for label, value in {"top-p": "0.92", "seed": "123456", "tokens": "1", "beams": "4"}.items():
        expect(page.get_by_label(label, exact=True)).to_have_value(value)


def test_all_four_write_what_the_library_writes(decoding, values):
    page = decoding
    done(page)
    compare = values("decoding/compare")
    texts = [" ".join(text.split()) for text in page.locator(".live-text").all_inner_texts()]
    assert texts[0] == compare.greedy_text and texts[1] == compare.beam_text
    rows = page.locator(".live-measures tbody tr").all()
    cells = [row.locator("td").all_inner_texts() for row in rows]
    assert float(cells[0][0].replace("−", "-")) == pytest.approx(compare.greedy_mean, abs=0.006)
    assert float(cells[1][0].replace("−", "-")) == pytest.approx(compare.beam_mean, abs=0.006)
    assert share(cells[1][2]) == pytest.approx(compare.beam_distinct, abs=0.006)
    for text, row in zip(page.locator(".live-text").all_inner_texts(), cells):
        words = text.split()
        pairs = list(zip(words, words[1:]))
        assert share(row[1]) == pytest.approx(1 - len({*words}) / len(words), abs=0.006)
        assert share(row[2]) == pytest.approx(len({*pairs}) / len(pairs), abs=0.006)
        assert float(row[4]) > 0
    best = page.locator(".live-tree g.live-best")
    expect(best).to_have_count(28)  # the winner's path from the first token to the last
    path = "".join(best.locator("text:first-of-type").all_text_contents())
    assert " ".join(path.replace("␣", " ").replace("↵", "\n").split()) == compare.beam_text
    expect(heard(page)).to_contain_text("Done. Log-probability per token: Greedy −1.")


def test_the_tree_has_the_sums_of_the_book(decoding, printed):
    page = decoding
    done(page)
    page.get_by_label("tokens").first.fill("5")
    page.get_by_label("beams").first.fill("3")
    write(page)
    path = page.locator(".live-tree g.live-best text:first-of-type").all_text_contents()
    told = "".join(path).replace("␣", " ").strip()
    assert f"best after five steps: {told}" in printed("decoding/beam_tree")
    expect(page.locator(".live-tree g.live-cut-off")).to_have_count(5 * 3)
    page.get_by_text("The kept beams as a table").click()
    expect(page.get_by_role("cell", name="␣they −2.08")).to_be_visible()
    narrow(page)


def test_the_same_seed_gives_the_same_texts_and_stop_stops(decoding):
    page = decoding
    page.get_by_label("tokens").first.fill("5")
    texts = page.locator(".live-text")
    written = []
    for seed in ("1", "12", "1"):
        page.get_by_label("seed").fill(seed)
        write(page)
        written.append(texts.all_inner_texts())
    assert written[0] == written[2]
    assert written[0][:2] == written[1][:2] and written[0][2:] != written[1][2:]
    page.get_by_label("tokens").first.fill("80")
    page.get_by_role("button", name="Write").focus()
    for key in ("Enter", "Tab", "Enter"):  # on to Stop, long before 80 tokens stand there
        page.keyboard.press(key)
    done(page)
    assert texts.last.inner_text() == ""
    expect(page.get_by_role("button", name="Write")).to_be_focused()
    expect(heard(page)).to_have_text("Stopped.")


def test_while_a_long_text_is_read_something_says_so(decoding):
    """No token comes yet, and a press of Stop waits for the first: both are seen."""
    page = decoding
    page.get_by_label("tokens").first.fill("5")
    page.get_by_label("Text to continue").fill("Why? " * 300)
    page.locator(".live-methods").evaluate(
        """(texts) => {
          const stop = [...document.querySelectorAll("button")].find((one) => one.textContent === "Stop");
          [globalThis.seen, globalThis.pressed] = [[], false];
          new MutationObserver(() => {
            const first = texts.querySelector(".live-text").textContent;
            if (first === "…" && !pressed) {
              pressed = true;
              stop.click();
            }
            seen.push([first, stop.textContent]);
          }).observe(texts.parentNode, {childList: true, characterData: true, subtree: true});
        }"""
    )
    page.get_by_role("button", name="Write").click()
    expect(heard(page)).to_have_text("Stopped.")
    assert ["…", "Stopping …"] in page.evaluate("seen")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_disabled()
    page.get_by_label("Text to continue").fill("🌻" * 1000)
    page.get_by_role("button", name="Write").click()
    expect(page.get_by_text("The text has more than 2048 tokens")).to_be_visible()
    assert "…" not in page.locator(".live-text").all_inner_texts()


# ------------------------------------------------------------------------------ chat


def test_the_chat_answers_and_counts_as_in_the_book(chat, values, tokenizer):
    page = chat
    expect(page.get_by_text("This is a small model, and it makes things up.")).to_be_visible()
    tab_to(page, page.get_by_label("Your message"))
    page.keyboard.press("Enter")
    counter = page.locator(".live-counter")
    fifty = values("sequence_problems/fifty_words")
    expect(counter.last).to_have_text(
        f"asked: 50 · written: {fifty.first} words · ✗ {fifty.first - 50} too many"
    )
    done(page)
    expect(page.get_by_label("Your message")).to_have_value(
        f"You wrote {fifty.first} words. Write exactly 50 words."
    )
    page.keyboard.press("Enter")
    expect(counter.last).to_contain_text(f"written: {fifty.second} words · ✗")
    done(page)
    said = page.locator(".live-said").all_inner_texts()
    roles = ("user", "assistant") * 2
    turns = [{"role": role, "content": text} for role, text in zip(roles, said)]
    page.get_by_text("What the model really reads").click()
    template = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert page.locator(".live-template").text_content() == template
    assert len(heard(page).inner_text()) > 50  # the answer, once, at its end


# An Enter that takes a suggestion of an input method, as each engine tells of it: Chromium and
# Firefox while the text is being composed, WebKit after the composition has ended.
COMPOSED = {"Chromium and Firefox": [True, 229], "WebKit": [False, 229], "before keyCode": [True, 13]}


@pytest.mark.parametrize("engine", COMPOSED)
def test_enter_in_an_input_method_sends_nothing(chat, engine):
    page = chat
    page.get_by_role("button", name="New conversation").click()
    message = page.get_by_label("Your message")
    message.fill("にほん")
    kept = message.evaluate(
        """(field, [isComposing, keyCode]) => {
        field.dispatchEvent(new CompositionEvent("compositionstart", {bubbles: true}));
        if (!isComposing) field.dispatchEvent(new CompositionEvent("compositionend", {bubbles: true}));
        const key = {key: "Enter", isComposing, keyCode, bubbles: true, cancelable: true};
        return field.dispatchEvent(new KeyboardEvent("keydown", key));
    }""",
        COMPOSED[engine],
    )
    assert kept, "the key was taken away from the input method"
    expect(page.locator(".live-turns li")).to_have_count(0)
    expect(message).to_have_value("にほん")


def test_what_the_chat_shows_is_what_the_model_reads(chat, tokenizer):
    page = chat
    page.get_by_role("button", name="New conversation").click()
    message = page.get_by_label("Your message")
    shown = page.locator(".live-template")
    text = "  Two lines,\nthen spaces  "
    message.fill(text)  # before it is sent, too

    def template(turns):
        return tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)

    turn = {"role": "user", "content": text}
    expect(shown).to_have_text(template([turn]), use_inner_text=False)
    assert shown.text_content() == template([turn])
    send_and_stop(page.widget)
    said = page.locator(".live-said").all_text_contents()
    assert said[0] == text
    answer = {"role": "assistant", "content": said[1]}
    expect(shown).to_contain_text("assistant")
    assert shown.text_content() == template([turn, answer])


def test_no_message_is_said_and_what_is_typed_meanwhile_stays(chat):
    page = chat
    page.get_by_role("button", name="New conversation").click()
    message = page.get_by_label("Your message")
    for empty in ("", " \n"):
        message.fill(empty)
        page.get_by_role("button", name="Send").click()
        expect(page.widget.get_by_role("alert")).to_have_text("Write a message first.")
    message.fill("Write two words, then 90 words.")
    message.press("Enter")
    message.fill("And now in Portuguese?")
    expect(page.widget.get_by_role("alert")).to_be_empty()
    expect(page.locator(".live-counter").last).to_contain_text("✗")
    done(page)
    expect(message).to_have_value("And now in Portuguese?")


def test_stop_a_new_conversation_and_text_that_looks_like_html(chat):
    page = chat
    page.get_by_role("button", name="New conversation").click()
    message = page.get_by_label("Your message")
    page.get_by_label("answers").select_option(index=1)
    message.fill("<img src=x> Tell me all about <b>robots</b>.")
    send_and_stop(page.widget)
    assert page.locator(".live-said").first.inner_text().startswith("<img src=x>")
    narrow(page)
    assert page.locator(".live-turns :is(img, .live-said b)").count() == 0
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".live-turns li")).to_have_count(0)
    expect(message).to_be_focused()
    expect(message).to_have_value("In exactly 50 words, explain why the sky is blue.")


# ------------------------------------------------------------------------------ elsewhere


def test_next_token_by_touch_and_without_webassembly(visit, server):
    server.site.policy = PLAIN
    try:
        page = visit("next_token", phone=True, expected="WebAssembly")
        page.button.tap()
        expect(page.widget).to_be_visible()
        assert bars(page)[0][1:4:2] == ["␣it", "27.2%"]
        page.locator("button.live-bar").nth(3).tap()
        expect(page.locator(".live-taken button")).to_have_count(1)
        narrow(page)
    finally:
        server.site.policy = POLICY
