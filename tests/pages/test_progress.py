"""What a reader has answered: kept, shown, forgotten, and printed."""

import json
import re

import pytest
from asking import KEY, kept
from browser import becomes, tab_to
from playwright.sync_api import expect

pytest_plugins = ["browser", "asking"]


def answer_two(made):
    made.question(1).get_by_text("For the spread.", exact=True).click()
    made.question(4).get_by_role("button", name="Move up: Make queries.").click()
    made.question(4).get_by_role("button", name="Check").click()
    expect(made.question(4).locator(".question-done")).to_be_visible()


def test_progress_is_kept_shown_and_forgotten(ask, server):
    made = ask()
    assert kept(made) == {}
    answer_two(made)
    assert kept(made)["chapter"] | {"right": 2} == {"read": False, "right": 2, "of": 5}
    made.locator("#next").scroll_into_view_if_needed()
    becomes(made, lambda: kept(made)["chapter"]["read"], True)  # the observer reports when it sees fit
    made.goto(server.url)
    first = made.locator("dt").nth(0)
    expect(first.locator(".chapter-progress")).to_have_text("✓ read · 2 of 5 right")
    expect(made.locator("dt").nth(1).locator(".chapter-progress")).to_have_count(0)
    note = made.locator("[data-progress]")
    expect(note).to_contain_text("You have read 1 chapter and answered 2 questions right.")
    expect(note).to_contain_text("kept in this browser only and sent nowhere")
    made.goto(f"{server.url}chapter")
    expect(made.question(1).locator(".question-done")).to_be_visible()
    expect(made.question(3).locator(".question-done")).to_have_count(0)
    made.go_back()
    forget = made.get_by_role("button", name="Forget it all")
    tab_to(made, forget)
    made.keyboard.press("Enter")
    expect(made.locator(".chapter-progress")).to_have_count(0)
    expect(note).to_be_focused()
    expect(note).to_have_text(re.compile("^Forgotten"))
    assert made.evaluate("localStorage.length") == 0
    made.reload()
    expect(note).to_be_hidden()
    ours = ("", "chapter", "theme.css")
    assert all(asked in ours or asked.startswith("assets/") for asked in made.asked), made.asked


def test_the_first_page_says_nothing_to_a_new_reader(ask):
    made = ask("")
    expect(made.locator("[data-progress]")).to_be_hidden()
    assert made.locator(".chapter-progress, button").count() == 0


@pytest.mark.parametrize(
    "damaged",
    ["{{", "null", "7", '"x"', "[1]", '{"chapter": null}', '{"chapter": {"right": "all"}}',
     '{"chapter": {"read": "yes", "right": [1, null], "of": -3}}'],
)  # fmt: skip
def test_damaged_progress_is_no_progress(ask, server, damaged):
    made = ask("")
    made.evaluate("text => localStorage.setItem(...text)", [KEY, damaged])
    made.reload()
    expect(made.locator("[data-progress]")).to_be_hidden()
    made.goto(f"{server.url}chapter")
    answer_two(made)
    assert len(kept(made)["chapter"]["right"]) == 2 and kept(made)["chapter"]["of"] == 5


@pytest.mark.parametrize(
    "refusal",
    [
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('refused') }})",
        "Storage.prototype.setItem = () => { throw new Error('full') }",
    ],
)
def test_where_nothing_can_be_kept_all_else_works(ask, server, refusal):
    made = ask("")
    made.add_init_script(refusal)
    made.goto(f"{server.url}chapter")
    answer_two(made)
    made.locator("#next").scroll_into_view_if_needed()
    made.goto(server.url)
    expect(made.locator("h1")).to_be_visible()
    expect(made.locator("[data-progress]")).to_be_hidden()


def test_an_answer_to_a_question_that_is_gone_is_dropped(ask, server):
    made = ask("")
    old = {"chapter": {"read": True, "right": ["gone"], "of": 1}}
    made.evaluate("text => localStorage.setItem(...text)", [KEY, json.dumps(old)])
    made.goto(f"{server.url}chapter")
    assert kept(made) == {"chapter": {"read": True, "right": [], "of": 5}}


# ------------------------------------------------------------------------------- on paper


def test_printed_answers_stand_at_the_end(ask):
    made = ask()
    made.question(5).get_by_role("button", name="Show what it printed").click()
    made.emulate_media(media="print")
    made.evaluate("dispatchEvent(new Event('beforeprint'))")
    end = made.locator(".printed-answers")
    expect(end).to_be_visible()
    assert end.locator(".printed-answer").count() == 5
    expect(end).to_contain_text("Not right. Softmax does that")
    expect(end).to_contain_text("weights [[0.25")
    assert end.evaluate("node => node.nextElementSibling === null")
    for hidden in ("details.answer", "button", ".printed"):
        assert not made.locator(f".question {hidden} >> visible=true").count(), hidden
    made.evaluate("dispatchEvent(new Event('afterprint'))")
    made.emulate_media(media="screen")
    expect(end).to_have_count(0)
    expect(made.question(1).locator("details.answer")).to_be_visible()


def test_what_the_theme_unfolds_for_the_paper_is_not_shown_on_the_screen(ask):
    made = ask()
    made.emulate_media(media="print")
    unfold = """open => Promise.all([...document.querySelectorAll('details')].map(one => new Promise(done => {
        if (one.open === open) return done();
        one.addEventListener("toggle", done, {once: true});
        one.open = open;
    })))"""
    made.evaluate(unfold, True)
    made.evaluate(unfold, False)
    made.emulate_media(media="screen")
    five = made.question(5)
    expect(five.get_by_role("button", name="Show what it printed")).to_be_visible()
    expect(five.locator(".output")).to_be_hidden()


def test_without_a_script_printed_answers_open_where_they_stand(ask):
    made = ask(java_script_enabled=False)
    made.emulate_media(media="print")
    expect(made.question(1).get_by_text("Softmax does that")).to_be_visible()
