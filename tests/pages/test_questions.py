"""The questions of the chapters: as Markdown, as HTML, and what is wrong with them."""

import ast
import re

import pytest
from asking import ALL, CHOICE, KNOWN, NUMBER, ORDER, PREDICT, SEVERAL, html_of, page
from test_pages import CHAPTERS, DOCS, PAGES

from scripts.base import ROOT
from scripts.pages import asked, questions
from scripts.pages import chapter as pages

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
    assert asked.check(text, "docs/x.md", {}) == []


def test_a_page_without_questions_stays_as_it_is():
    for text in ("", "# X", "# X\n\n!!! note\n    - [x] done\n"):
        assert questions.render(text) == text


# ------------------------------------------------------------------------------- showing


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


def test_goals_stand_before_the_first_section_and_lead_to_their_questions(says):
    says(
        "Two to four of them name a goal, `Goal: put the steps of one head in order.`, in their first line: "
        "the build lists the goals before the first section, each with the question that checks it.",
        page="contributing",
    )
    choice, _, _, order, _ = questions.parse(page(*ALL))
    assert (choice.goal, choice.lead) == ("say why scores are *divided*.", "")
    assert (order.goal, len(order.steps)) == ("put one head in order.", 3)
    text = questions.render(page(*ALL), minutes=35)
    intro, rest = text.split("## Why")
    assert "About 35 minutes to read." in intro and "Goal:" not in text
    assert "- say why scores are *divided* ([question 1](#question-1))\n" in intro
    assert "- put one head in order ([question 4](#question-4))\n" in intro
    assert 'id="question-4"' in rest
    plain = questions.goals(page(*ALL), 35, linked=False)
    assert plain.endswith("- say why scores are *divided* (question 1)\n- put one head in order (question 4)")


def test_a_page_whose_questions_name_no_goal_has_no_list():
    assert "minutes" not in questions.render(page(SEVERAL, NUMBER), minutes=35)


# ------------------------------------------------------------------------------ checking


def test_good_questions_have_no_problem():
    assert asked.check(page(*ALL), "docs/x.md", KNOWN) == []


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
def test_a_bad_question_is_named_with_its_line(case, says):
    says(
        "A choice gives every option its reason, in the lines under it:",
        "Every answer links to the section that gives the reason.",
        page="contributing",
    )
    block, old, new, said = CASES[case]
    assert old in block
    text = page(*[one.replace(old, new) if one == block else one for one in ALL])
    found = asked.check(text, "docs/x.md", KNOWN)
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
        (page(SEVERAL, NUMBER, ORDER, PREDICT), "1 goals: two to four"),
        (page(*[one.replace("Goal: put", "Goal: Put") for one in ALL]), "goes on a sentence"),
        (page(*[one.replace("order.\n\n    1", "order\n\n    1") for one in ALL]), "goes on a sentence"),
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
def test_a_bad_set_of_questions_is_named(text, said, says):
    says(
        "Each chapter asks for at least one number, one order or prediction, and two choices.",
        page="contributing",
    )
    found = asked.check(text, "docs/x.md", KNOWN)
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
        missing = set(made) - asked.anchors(pages._printed(book, text))
        assert not missing, f"{name}: {missing}"


# ---------------------------------------------------------------------- the book's chapters


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_ends_in_questions(name):
    text = (DOCS / name).read_text("utf-8")
    assert f"\n## {asked.SECTION}\n" in text, f"{name} asks no questions"
    known = {p: asked.anchors((DOCS / p).read_text("utf-8")) for p in PAGES}
    assert asked.check(text, f"docs/{name}", known) == []


def of_kind(kind: str) -> list:
    """Every question of one kind in the book, with its page."""
    return [
        pytest.param(name, question, id=f"{name}-{number}")
        for name in PAGES
        for number, question in enumerate(questions.parse((DOCS / name).read_text("utf-8")), 1)
        if question.kind == kind
    ]


@pytest.mark.parametrize(("name", "question"), of_kind("number"))
def test_a_number_is_computed_and_its_tolerance_is_narrow(book, name, question, says):
    says("A number is computed by a snippet; nobody types it.", page="contributing")
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


@pytest.mark.parametrize(("name", "question"), of_kind("predict"))
def test_a_program_to_predict_is_short_and_quick(book, name, question, says):
    says("a program of 5 to 12 lines in `snippets/<chapter>/predict.py`", page="contributing")
    source = (ROOT / "snippets" / f"{question.code}.py").read_text("utf-8")
    doc = ast.parse(source).body[0]
    lines = source.splitlines()[doc.end_lineno :]
    code = [x for x in lines if x.strip() and not x.strip().startswith("#")]
    assert 5 <= len(code) <= 12, f"{len(code)} lines"
    assert book.took(question.code) < 2
    assert question.code.split("/")[0] == name.rpartition("/")[2].removesuffix(".md")
