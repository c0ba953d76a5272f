"""The questions of the chapters: as Markdown, as HTML, and as they answer back."""

import ast
import json
import re

import markdown
import pytest
from browser import LINKS, PATIENCE, PLAIN, becomes, tab_to
from playwright.sync_api import expect
from test_pages import CHAPTERS, DOCS, PAGES

from scripts.base import ROOT
from scripts.pages import chapter as pages
from scripts.pages import questions

pytest_plugins = ["browser"]

CHOICE = """!!! question "Why divide?"

    - [ ] For the sum.
        Softmax does that: [why](#why).
    - [x] For the spread.
        It grows with $d$: [why](#why).
    - [ ] For the sign, which must always be positive.
        It stays: [why](#why).
"""
SEVERAL = """!!! question "Which numbers are even? Choose two."

    - [x] 2
        Twice one: [why](#why).
    - [ ] 3
        One is left over.
    - [x] 4
        Twice two.
"""
NUMBER = """!!! question "How wide?"

    `= {{ self_attention/scaling.raw:.1f }} ± 0.1 GB`

    As the [root](#why) says.
"""
ORDER = """!!! question "Put it in order."

    1. Make queries.
    2. Compare them.
    3. Take the *softmax*.

    As [told](#why).
"""
PREDICT = """!!! question "What will this print?"

    ```python
    --8<-- "self_attention/predict.py"
    ```

    ```text
    --8<-- "self_attention/predict.txt"
    ```

    Zeros give [equal weights](other.md#there).
"""
ALL = (CHOICE, SEVERAL, NUMBER, ORDER, PREDICT)
KNOWN = {"other.md": {"there"}}


def page(*blocks: str) -> str:
    """A chapter with these questions, and nothing else but what they need."""
    return "\n".join(["# X\n\n## Why\n\n## Remember\n\n## Check yourself\n", *blocks, "## Next\n"])


# ------------------------------------------------------------------------------- reading


def test_each_kind_is_read():
    choice, several, number, order, predict = questions.parse(page(*ALL))
    assert [q.kind for q in (choice, several, number, order, predict)] == [
        "choice", "choice", "number", "order", "predict",
    ]  # fmt: skip
    assert choice.text == "Why divide?" and choice.right == [2] and choice.chosen == 1
    assert choice.options[1].text == "For the spread."
    assert choice.options[1].reason == "It grows with $d$: [why](#why)."
    assert several.right == [1, 3] and several.chosen == 2
    assert number.key == "{{ self_attention/scaling.raw:.1f }}"
    assert (number.tolerance, number.unit) == ("0.1", "GB")
    assert order.steps == ["Make queries.", "Compare them.", "Take the *softmax*."]
    assert order.answer == "As [told](#why)."
    assert (predict.code, predict.printed) == ("self_attention/predict",) * 2


def test_a_share_is_asked_for_in_percent():
    (one,) = questions.parse(NUMBER.replace(":.1f }} ± 0.1 GB", ":.0% }} ± 1"))
    assert (one.unit, one.tolerance) == ("%", "1")


def test_what_stands_before_the_answer_is_kept():
    block = CHOICE.replace("    - [ ] For the sum", "    Think of *d*.\n\n    - [ ] For the sum")
    assert questions.parse(block)[0].lead == "Think of *d*."
    assert "Think of *d*." in questions.render(block).split("<details")[0]


def test_a_question_in_a_fence_is_shown_as_it_is_written():
    text = f"````markdown\n{CHOICE}````\n\nEnd.\n"
    assert questions.parse(text) == [] and questions.render(text) == text
    assert questions.check(text, "docs/x.md", {}) == []


def test_a_page_without_questions_stays_as_it_is():
    for text in ("", "# X", "# X\n\n!!! note\n    - [x] done\n"):
        assert questions.render(text) == text


# ------------------------------------------------------------------------------- showing


def html_of(text: str, fill=lambda text: text) -> str:
    """The page as the book's Markdown makes it."""
    used = "attr_list def_list md_in_html pymdownx.superfences toc"
    return markdown.markdown(fill(questions.render(text)), extensions=used.split())


def test_questions_work_without_a_script(book):
    html = html_of(page(*ALL), lambda text: pages.fill(book, text))
    assert html.count('<div aria-labelledby="question-') == 5 and "!!!" not in html
    assert html.count('<details class="answer">') == 5 and "<details open" not in html
    for number in range(1, 6):
        assert f'id="question-{number}"' in html
        assert f'<p class="question-asks" id="question-{number}-asks">' in html
    assert 'data-right="2"' in html and 'data-choose="2"' in html
    assert '<li class="wrong"><strong>Not right.</strong> Softmax does that' in html
    assert '<li class="right"><strong>Right.</strong> It grows with' in html
    raw = book.outcome("self_attention/scaling").values["raw"]
    assert f'data-key="{raw:.1f}"' in html and f"<strong>{raw:.1f} GB</strong>" in html
    assert "weights [[0.25" in html.split('id="question-5"')[1].split("<summary>")[1]
    assert not re.search(r"<(?:input|button|textarea|script)\b| on\w+=", html)


def test_steps_are_shown_by_the_alphabet_and_answered_in_order():
    html = html_of(ORDER)
    assert re.findall(r'data-place="(\d)"', html) == ["2", "1", "3"]
    assert html.index("<li>Make queries.") < html.index("<li>Compare them.")
    sorted_already = ORDER.replace("Make", "Ask").replace("Compare", "Both")
    assert re.findall(r'data-place="(\d)"', html_of(sorted_already)) == ["3", "2", "1"]


def test_a_question_is_remembered_by_its_words():
    names = re.findall(r'data-name="(\w+)"', questions.render(page(*ALL)))
    moved = re.findall(r'data-name="(\w+)"', questions.render(page(*reversed(ALL))))
    assert len(set(names)) == 5 and set(names) == set(moved)


# ------------------------------------------------------------------------------ checking


def test_good_questions_have_no_problem():
    assert questions.check(page(*ALL), "docs/x.md", KNOWN) == []


CASES = {
    "no text": (CHOICE, ' "Why divide?"', "", "has its text in quotes"),
    "no kind": (CHOICE, "- [", "- (", "has no options (- [ ])"),
    "two options": (SEVERAL, "    - [ ] 3\n        One is left over.\n", "", "2 options"),
    "no reason": (CHOICE, "        It stays: [why](#why).\n", "", "option C has no reason"),
    "none right": (CHOICE, "[x]", "[ ]", "are marked [x], but the question asks for one"),
    "two right": (CHOICE, "[ ] For the sum", "[x] For the sum", "2 options are marked [x]"),
    "three of two": (SEVERAL, "[ ]", "[x]", "are marked [x], but the question asks for 2"),
    "same options": (CHOICE, "For the spread.", "For the sum", "two options read the same"),
    "no anchor": (CHOICE, "#why", "#because", "links to #because, which is no section there"),
    "no link": (ORDER, "[told](#why)", "told", "links to no section that gives the reason"),
    "no page": (PREDICT, "other.md", "another.md", "links to another.md, which is no page"),
    "no section": (PREDICT, "#there", "#here", "links to other.md#here, which is no section"),
    "typed key": (NUMBER, "{{ self_attention/scaling.raw:.1f }}", "8.0", "“8.0” is typed"),
    "no tolerance": (NUMBER, "± 0.1", "± little", "“± little” is no tolerance"),
    "unexplained": (NUMBER, "    As the [root](#why) says.\n", "", "is not explained"),
    "two steps": (ORDER, "    3. Take the *softmax*.\n", "", "2 steps"),
    "same steps": (ORDER, "Compare them", "Make *queries*", "two steps to order read the same"),
    "other output": (PREDICT, "predict.txt", "answers.txt", "with the output of self_att"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_bad_question_is_named_with_its_line(case):
    block, old, new, said = CASES[case]
    assert old in block
    text = page(*[one.replace(old, new) if one == block else one for one in ALL])
    found = questions.check(text, "docs/x.md", KNOWN)
    here = text.index(block.replace(old, new)) if case != "no text" else text.index("!!!")
    line = text.count("\n", 0, here) + 1
    assert any(p.startswith(f"docs/x.md, line {line}: ") and said in p for p in found), found


LONG = CHOICE.replace("spread.", "spread" + " of all scores" * 5)


def same_place(block: str) -> str:
    return block.replace("Why divide", "Why not divide")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (page(*ALL[:4]), "4 questions: five to eight"),
        (page(*ALL, *[ORDER.replace("Put", f"Put {n}") for n in range(4)]), "9 questions"),
        (page(*ALL, ORDER), "two questions read the same"),
        (page(CHOICE, SEVERAL, ORDER, PREDICT), "no question asks for a number"),
        (page(CHOICE, SEVERAL, NUMBER), "no question asks for an order or a prediction"),
        (page(CHOICE, NUMBER, ORDER), "fewer than two questions offer a choice"),
        (page(CHOICE, same_place(CHOICE)), "the right option is always B"),
        (page(LONG, same_place(LONG)), "the right option is the longest every time"),
        (page(*ALL).replace("## Remember", "## Try it"), "between “Remember” and “Next”"),
        (page(*ALL).replace("## Next", "## Then"), "between “Remember” and “Next”"),
        (page(*ALL).replace("## Check yourself", ""), "stands in the section “Check yourself”"),
        (page(*ALL) + "\n" + CHOICE, "stands in the section “Check yourself”"),
    ],
)  # fmt: skip
def test_a_bad_set_of_questions_is_named(text, said):
    found = questions.check(text, "docs/x.md", KNOWN)
    assert any(said in problem for problem in found), found


def test_the_build_checks_questions(book, tmp_path):
    (tmp_path / "x.md").write_text(page(*ALL).replace("#why", "#because"), "utf-8")
    seen = type(book)(book.root)
    seen.root = tmp_path
    found = pages.check(seen, tmp_path)
    assert any("x.md, line 9: the answer links to #because" in problem for problem in found)


def test_anchors_are_those_that_the_site_has(book):
    for name in PAGES:
        text = re.sub(r"\A---\n.*?\n---\n", "", (DOCS / name).read_text("utf-8"), flags=re.S)
        made = re.findall(r'<h[1-6] id="([^"]+)"', html_of(text, lambda t: pages.fill(book, t)))
        missing = set(made) - questions.anchors(pages._printed(book, text))
        assert not missing, f"{name}: {missing}"


# ---------------------------------------------------------------------- the book's chapters


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_ends_in_questions(name):
    text = (DOCS / name).read_text("utf-8")
    assert f"\n## {questions.SECTION}\n" in text, f"{name} asks no questions"
    known = {p: questions.anchors((DOCS / p).read_text("utf-8")) for p in PAGES}
    assert questions.check(text, f"docs/{name}", known) == []


def asked(kind: str) -> list:
    """Every question of one kind in the book, with its page."""
    return [
        pytest.param(name, question, id=f"{name}-{number}")
        for name in PAGES
        for number, question in enumerate(questions.parse((DOCS / name).read_text("utf-8")), 1)
        if question.kind == kind
    ]


@pytest.mark.parametrize(("name", "question"), asked("number"))
def test_a_number_is_computed_and_its_tolerance_is_narrow(book, name, question):
    found = pages.VALUE.fullmatch(question.key)
    shown = pages.value(book, *found.groups())
    number = book.outcome(found[1]).values[found[2]]
    assert isinstance(number, int | float) and not isinstance(number, bool)
    assert not found[2].endswith("seconds"), "a time is another one on another machine"
    read = float(re.sub(r"[,\s%]", "", shown))
    tolerance = float(question.tolerance)
    assert tolerance == 0 or tolerance <= abs(read) / 4, "nearly any answer is right"
    scale = 100 if shown.endswith("%") else 1
    assert abs(number * scale - read) <= max(tolerance, 0.5), "the exact value counts too"


@pytest.mark.parametrize(("name", "question"), asked("predict"))
def test_a_program_to_predict_is_short_and_quick(book, name, question):
    source = (ROOT / "snippets" / f"{question.code}.py").read_text("utf-8")
    doc = ast.parse(source).body[0]
    lines = source.splitlines()[doc.end_lineno :]
    code = [x for x in lines if x.strip() and not x.strip().startswith("#")]
    assert 5 <= len(code) <= 12, f"{len(code)} lines"
    assert book.took(question.code) < 2
    assert question.code.split("/")[0] == name.removesuffix(".md")


# --------------------------------------------------------------------------- in a browser

SHELL = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A chapter</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
SHEETS<link rel="stylesheet" href="/theme.css">
<script type="module" src="/assets/questions.js"></script></head>
<body class="md-typeset" data-md-color-scheme="default"><main>{}</main></body></html>""".replace("SHEETS", LINKS)
THEME = "html { font-size: 125% } pre { overflow: auto }"
INDEX = """# The book

<p data-progress hidden></p>

[A chapter](/chapter)
:   What is in it?

[Another](/another)
:   And in this?
"""
KEY = "executable-transformer-progress"


@pytest.fixture(scope="module")
def written(book):
    """Two chapters and a first page, by their addresses."""

    def fill(text: str) -> str:
        return pages.fill(book, text)

    long = "\n".join(f"Line {n}.\n" for n in range(60))
    one = page(*ALL).replace("## Next", f"## After\n\n{long}\n\n## Next")
    return {
        "chapter": SHELL.format(html_of(one, fill)),
        "another": SHELL.format(html_of(page(CHOICE, ORDER), fill)),
        "": SHELL.format(html_of(INDEX)),
    }


@pytest.fixture
def ask(browser, server, written):
    """ask() → the chapter in a browser; ask().question(n) → its n-th question.

    Asserts at the end that nothing failed, broke the policy or asked for another site.
    """
    contexts, faults = [], []

    def answer(route):
        name = route.request.url.removeprefix(server.url)
        if name in written:
            policy = {"Content-Security-Policy": PLAIN, "Content-Type": "text/html"}
            route.fulfill(body=written[name], headers=policy)
        elif name == "theme.css":
            route.fulfill(body=THEME, content_type="text/css")
        elif route.request.url.startswith(server.url):
            route.continue_()
        else:
            faults.append(f"asked for {route.request.url}")
            route.abort()

    def go(name: str = "chapter", phone: bool = False, **options):
        sizes = {"width": 360, "height": 780} if phone else {"width": 1280, "height": 900}
        made = browser.new_context(viewport=sizes, has_touch=phone, **options)
        contexts.append(made)
        made.set_default_timeout(PATIENCE)
        made.route("**/*", answer)
        shown = made.new_page()
        shown.asked = []
        shown.on("request", lambda one: shown.asked.append(one.url.removeprefix(server.url)))
        shown.on("console", lambda said: said.type == "error" and faults.append(said.text))
        shown.on("pageerror", lambda error: faults.append(str(error)))
        shown.goto(server.url + name)
        shown.question = lambda number: shown.locator(f"#question-{number}")
        return shown

    yield go
    for context in contexts:
        context.close()
    assert not faults


def kept(page) -> dict:
    return json.loads(page.evaluate(f"localStorage.getItem('{KEY}')") or "{}")


def says(question):
    return question.get_by_role("status")


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


# ------------------------------------------------------------------------------- progress


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
