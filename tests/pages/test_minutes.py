"""How long a chapter takes to read, and what it is for: what a teacher plans with."""

import re

import pytest
from test_pages import CHAPTERS, DOCS

from scripts.pages import chapter, minutes
from scripts.pages.questions import parse


def takes(text: str, code: str = "") -> float:
    """The minutes of a page, before they are rounded up."""
    kept, minutes.ROUND = minutes.ROUND, 1e-6
    try:
        return minutes.reading(text, {"a/b": code}.get)
    finally:
        minutes.ROUND = kept


def test_words_lines_and_pictures_are_counted(says):
    says(
        "The build counts 200 words a minute, four seconds for each line of code that the page shows, and fifteen "
        "for each figure or printed output, and rounds up to five minutes.",
        "For readers in a second language we count 200. The seconds for code and figures are a guess of ours.",
        page="how_it_is_made",
    )
    almost = pytest.approx
    assert takes("It isn't a-b 0.5, *so* much.\n" * 100) == almost(6 * 100 / 200, abs=1e-4)
    assert takes('```python\n--8<-- "a/b.py"\n```\n', "x = 1\n\ny = 2\n") == almost(2 * 4 / 60, abs=1e-4)
    assert takes("```python\nx = 1\n\n```\n") == almost(4 / 60, abs=1e-4)
    assert takes('```text\n--8<-- "a/b.txt"\n```\n') == almost(15 / 60, abs=1e-4)
    assert takes('![Many words here](figures/a/b.svg "and more")\n') == almost(15 / 60, abs=1e-4)
    assert takes("<svg><text>Not counted</text></svg>\n") == almost(15 / 60, abs=1e-4)
    assert minutes.reading("word " * 1001, {}.get) == 10 and minutes.reading("word " * 1000, {}.get) == 5


def test_what_is_folded_and_what_is_asked_is_left_out(says):
    says("What is folded is left out, and so are the questions.", page="how_it_is_made")
    text = "---\ndescription: ten words\n---\nTwo words.\n\n"
    fold = '??? success "Answer"\n\n    Not counted, none of it.\n\n    ```python\n    x = 1\n    ```\n\n'
    asked = '!!! question "Why?"\n\n    - [x] so\n        as it is\n\n'
    assert takes(text + fold + asked + "Two more.\n") == takes("Two words.\n\nTwo more.\n") > 0


@pytest.mark.parametrize("name", [one.removesuffix(".md") for one in CHAPTERS])
def test_a_chapter_tells_a_teacher_what_it_takes_and_what_for(book, says, name):
    says(
        "They are computed from the chapter's words, figures and lines of code",
        "Each goal has a question in *Check yourself* that checks it.",
        page="teaching",
    )
    source = (DOCS / f"{name}.md").read_text("utf-8")
    plan = (DOCS / "teaching.md").read_text("utf-8")
    (row,) = re.findall(rf"^\| \[[^\]]+\]\({name}\.md\) \|.*$", plan, re.M)
    assert row.endswith(f"| {{{{ minutes/{name} }}}} | {{{{ goals/{name} }}}} |")
    filled = chapter.fill(book, row)
    assert f"| {chapter.reading(book, source)} |" in filled
    goals = [one.goal.rstrip(".") for one in parse(source) if one.goal]
    assert 2 <= len(goals) <= 4 and all(goal in filled for goal in goals)


def test_a_plan_types_no_minutes_of_a_chapter():
    plan = (DOCS / "teaching.md").read_text("utf-8")
    typed = re.findall(r"\(\w+\.md\)\s*(?:\(\s*\d+|\|\s*\d+)", plan)
    assert "minutes/" in plan and not typed


def test_a_page_that_names_no_goal_cannot_be_planned_with(book, tmp_path):
    assert chapter.fill(book, "{{ goals/glossary }}") == "**⚠ glossary**"
    seen = type(book)(book.root)
    seen.root = tmp_path
    text = "---\ndescription: a page with a teacher's plan\n---\n# X\n\nIt takes {{ minutes/no_such }} minutes.\n"
    (tmp_path / "x.md").write_text(text, "utf-8")
    found = [one for one in chapter.check(seen, tmp_path) if "x.md" in one]
    assert found == ["x.md, line 6: docs/no_such.md is no chapter that names its goals"]
