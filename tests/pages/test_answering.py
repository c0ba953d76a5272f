"""The questions of a chapter as they answer back, by mouse, keyboard, touch and voice."""

from asking import says
from browser import tab_to
from playwright.sync_api import expect

pytest_plugins = ["browser", "asking"]


def test_a_choice_by_mouse(ask):
    one = ask().question(1)
    assert one.get_by_role("radio").count() == 3 and one.locator(".reason").count() == 0
    one.get_by_text("For the sum.", exact=True).click()
    under = one.locator(".options > li").nth(0).locator(".reason")
    expect(under).to_have_text("✗ Not right. Softmax does that: why.")
    expect(says(one)).to_have_text("Not right. Softmax does that: why.")
    expect(one.locator(".question-done")).to_have_count(0)
    one.get_by_text("For the spread.", exact=True).click()
    expect(one.locator(".reason")).to_have_count(1)
    expect(one.locator(".reason")).to_contain_text("✓ Right. It grows with")
    expect(says(one)).to_contain_text("Right. It grows")
    expect(one.locator(".question-done")).to_have_text("✓ answered right")
    expect(one.locator("details.answer")).not_to_have_attribute("open", "")


def test_a_choice_by_keyboard(ask):
    made = ask()
    one = made.question(1)
    radios = one.get_by_role("radio")
    tab_to(made, radios.nth(0))
    made.keyboard.press("ArrowDown")
    made.keyboard.press("ArrowDown")
    expect(radios.nth(2)).to_be_focused()
    expect(one.locator(".reason")).to_have_count(0)  # walking is not choosing
    made.keyboard.press("Space")
    expect(one.locator(".reason")).to_contain_text("✗ Not right. It stays")
    made.keyboard.press("ArrowUp")
    made.keyboard.press("Enter")
    expect(radios.nth(1)).to_be_checked()
    expect(radios.nth(1)).to_be_focused()
    expect(one.locator(".reason")).to_contain_text("✓ Right.")
    assert one.get_by_role("radio", name="For the spread.").count() == 1


def test_several_by_keyboard(ask):
    made = ask()
    two = made.question(2)
    boxes, check = two.get_by_role("checkbox"), two.get_by_role("button", name="Check")
    tab_to(made, boxes.nth(0))
    made.keyboard.press("Space")
    tab_to(made, check)
    made.keyboard.press("Enter")
    expect(says(two)).to_have_text("Choose two: you have chosen one.")
    expect(two.locator(".reason")).to_have_count(0)
    boxes.nth(1).check()
    check.click()
    expect(says(two).locator("p")).to_have_text("✗ 1 of your 2 is right.")
    expect(two.locator(".reason")).to_have_count(2)
    boxes.nth(1).uncheck()
    expect(two.locator(".reason")).to_have_count(1)
    boxes.nth(2).check()
    check.press("Space")
    expect(says(two).locator("p")).to_have_text("✓ Right.")
    expect(says(two)).to_contain_text("Twice one: why.")
    expect(check).to_be_focused()
    expect(two.locator(".question-done")).to_be_visible()


def test_every_control_is_large_enough_for_a_finger(ask):
    """24 by 24 px: WCAG 2.2, 2.5.8."""
    made = ask()
    made.set_viewport_size({"width": 360, "height": 740})
    controls = made.locator(".question :is(input, button, textarea, summary)").filter(visible=True)
    boxes = [(one.evaluate("one => one.outerHTML.slice(0, 90)"), one.bounding_box()) for one in controls.all()]
    assert len(boxes) > 10
    small = [(says, box) for says, box in boxes if min(box["width"], box["height"]) < 24]
    assert not small


def test_a_number_by_enter_and_by_button(ask, book):
    made = ask()
    three = made.question(3)
    field = three.get_by_label("Your answer, in GB")
    assert field.get_attribute("inputmode") == "decimal"
    raw = float(f"{book.outcome('self_attention/scaling').values['raw']:.1f}")
    tab_to(made, field)
    for typed, said in {
        "": "Type a number first.",
        "eight": "✗ “eight” is not a number. Use digits, and a point or a comma.",
        f"{raw + 0.2:.2f}": f"✗ {raw + 0.2:.2f} is too large.",
        f"{raw - 0.2:.2f}": f"✗ {raw - 0.2:.2f} is too small.",
    }.items():
        field.fill(typed)
        field.press("Enter")
        expect(says(three)).to_have_text(said)
        expect(field).to_be_focused()
    expect(three.locator(".question-done")).to_have_count(0)
    for typed in (f"{raw - 0.1:.1f}", f"{raw + 0.1:.1f} gb", f" {raw}".replace(".", ",")):
        field.fill("0")
        three.get_by_role("button", name="Check").click()
        expect(says(three)).to_have_text("✗ 0 is too small.")
        field.fill(typed)
        three.get_by_role("button", name="Check").click()
        expect(says(three)).to_have_text(f"✓ Right: {raw} GB.")
    expect(three.locator("details.answer")).to_have_attribute("open", "")
    expect(three.locator(".question-done")).to_be_visible()


def test_numbers_as_people_write_them(ask):
    written = {
        "1234": [1234], "1,234": [1234, 1.234], "1.234": [1.234, 1234], "1 234,5": [1234.5],
        "1,234.5": [1234.5], "1.234,5": [1234.5], "12'345": [12345], "−0,5": [-0.5],
        ".5": [0.5], "3e-7": [3e-7], "3 × 10^-7": [3e-7], "28,800,000": [28800000],
        "+7": [7], "72 %": [72], "5.": [5], "1,23,4": [], "1.2.3": [], "two": [], ",": [],
        "1/2": [], "": [], "7 kg": [], "12,3456": [12.3456], "Infinity": [], "0x10": [],
    }  # fmt: skip
    read = ask().evaluate(
        """async (texts) => {
            const { readings } = await import("/assets/questions.js");
            return texts.map((text) => readings(text, "%"));
        }""",
        list(written),
    )
    for text, found in zip(written, read):
        assert sorted(found) == sorted(written[text]), text


def steps(question) -> list[str]:
    return question.locator(".step").all_inner_texts()


def test_an_order_by_keyboard(ask):
    made = ask()
    four = made.question(4)
    assert steps(four) == ["Compare them.", "Make queries.", "Take the softmax."]
    check = four.get_by_role("button", name="Check")
    check.click()
    expect(says(four)).to_have_text("✗ 1 of 3 stands in the right place.")
    up = four.get_by_role("button", name="Move up: Make queries.")
    tab_to(made, up)
    made.keyboard.press("Enter")
    assert steps(four) == ["Make queries.", "Compare them.", "Take the softmax."]
    expect(up).to_be_focused()
    expect(says(four)).to_have_text("“Make queries.” is now 1 of 3.")
    expect(up).to_have_attribute("aria-disabled", "true")
    made.keyboard.press("Enter")
    expect(says(four)).to_have_text("“Make queries.” is already first.")
    expect(up).to_be_focused()
    tab_to(made, check)
    made.keyboard.press("Space")
    expect(says(four)).to_have_text("✓ Right: all 3 stand in the right place.")
    expect(four.locator("details.answer")).to_have_attribute("open", "")


def test_an_order_by_touch(ask):
    made = ask(phone=True)
    four = made.question(4)
    four.get_by_role("button", name="Move down: Compare them.").tap()
    assert steps(four) == ["Make queries.", "Compare them.", "Take the softmax."]
    four.get_by_role("button", name="Check").tap()
    expect(says(four)).to_contain_text("✓ Right")


def test_a_prediction_stands_beside_what_was_printed(ask, printed):
    made = ask()
    five = made.question(5)
    expect(five.locator(".output")).to_be_hidden()
    words = five.get_by_label("What you expect")
    tab_to(made, words)
    made.keyboard.type("Nothing: <b>all</b> zeros.")
    tab_to(made, five.get_by_role("button", name="Show what it printed"))
    made.keyboard.press("Enter")
    shown = five.get_by_role("group", name="What it printed")
    expect(shown).to_be_focused()
    expect(shown).to_contain_text(printed("self_attention/predict").splitlines()[0])
    words = five.get_by_label("What you expected")
    expect(words).to_have_value("Nothing: <b>all</b> zeros.")
    left, right = words.bounding_box(), shown.bounding_box()
    assert left["x"] + left["width"] <= right["x"] and abs(left["y"] - right["y"]) < 60
    expect(five.get_by_text("Zeros give")).to_be_visible()
    no = five.get_by_role("button", name="Not quite")
    tab_to(made, no)
    made.keyboard.press("Enter")
    expect(no).to_have_attribute("aria-pressed", "true")
    expect(says(five)).to_contain_text("✗")
    expect(five.locator(".question-done")).to_have_count(0)
    five.get_by_role("button", name="Yes").click()
    expect(five.locator(".question-done")).to_be_visible()


def test_unfolding_a_prediction_shows_it_beside_the_words_too(ask):
    five = ask().question(5)
    five.get_by_text("What it printed", exact=True).click()
    expect(five.get_by_role("group", name="What it printed")).to_be_visible()
    expect(five.get_by_role("button", name="Show what it printed")).to_have_count(0)
    expect(five.get_by_text("Zeros give")).to_be_visible()


def test_each_question_has_a_name_and_one_region_that_speaks(ask):
    made = ask()
    assert made.locator(".question").count() == 5
    assert made.locator("[role=status][aria-live=polite]").count() == 5
    for number in range(1, 6):
        assert made.question(number).get_by_role("status").count() == 1
    expect(made.get_by_role("group", name="1. Why divide?")).to_be_visible()
    assert not made.locator("[style]").count()
    ids = made.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids))


def test_without_a_script_there_is_nothing_to_press_but_the_answers(ask):
    made = ask(java_script_enabled=False)
    assert made.locator("button, input, textarea, .question-done").count() == 0
    for number in range(1, 6):
        answer = made.question(number).locator("details.answer")
        answer.locator("summary").click()
        expect(answer.get_by_role("link").first).to_be_visible()


def test_questions_fit_a_phone_and_a_finger(ask):
    made = ask(phone=True)
    for summary in made.locator("summary").all():
        summary.tap()
    made.question(1).get_by_text("For the sum.", exact=True).tap()
    made.locator(".output code").evaluate("one => one.append('a long line '.repeat(20))")
    assert made.evaluate("document.documentElement.scrollWidth") <= 360
    touched = made.locator(".question :is(button, label, textarea, input[type=text]):visible")
    sizes = touched.evaluate_all(
        """all => all.filter(one => !one.matches(".question-tools label, .mine label"))
            .map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"""
    )
    assert sizes and min(map(min, sizes)) >= 44
