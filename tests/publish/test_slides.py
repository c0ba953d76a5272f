"""Slides made of the pages: each stop of the lecture, and nothing that does not fit."""

import re
import subprocess
import sys

import pytest
from browser import PATIENCE

from scripts.base import ROOT, BookError
from scripts.publish import slides

pytest_plugins = ["browser"]
# What is cut by its slide, or lies outside it.
CUT = """() => [...document.querySelectorAll(".slide")].flatMap((slide) => {
  const edge = slide.getBoundingClientRect();
  const parts = [slide, ...slide.querySelectorAll("pre, .shown, figure")];
  const cut = parts.filter((one) => one.scrollHeight > one.clientHeight + 2 || one.scrollWidth > one.clientWidth + 2);
  const out = [...slide.querySelectorAll("svg, img, table, figcaption, li")].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.bottom > edge.bottom + 1 || box.right > edge.right + 1;
  });
  return [...cut, ...out].map((one) => `${slide.id} ${slide.querySelector("h2").textContent}: ${one.localName}`);
})"""


def run(*arguments: str) -> subprocess.CompletedProcess:
    """`python -m scripts slides …`: a browser that the tests have open lets no second one be driven."""
    command = [sys.executable, "-m", "scripts", "slides", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")


def deck(name: str = "") -> str:
    """The slides of the lecture, or of a chapter."""
    done = run(*[name] * bool(name))
    assert done.returncode == 0, done.stderr
    return (ROOT / ".cache" / "slides" / f"{name or 'lecture'}.html").read_text("utf-8")


@pytest.fixture(scope="module")
def lecture(built):
    return deck()


@pytest.fixture
def opened(browser):
    """opened(text) → a deck in a browser, as large as a projector shows it."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, color_scheme="light")
    context.set_default_timeout(PATIENCE)
    faults = []

    def go(text: str):
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda one: faults.append(f"asked for {one.url}"))
        page.set_content(text)
        return page

    yield go
    context.close()
    assert not faults


def test_each_stop_of_the_plan_asks_shows_and_says(lecture):
    plan = (ROOT / "docs" / "teaching.md").read_text("utf-8").split("## A week")[0]
    stops = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \| (.+?) \|$", plan, re.M)
    assert len(stops) == 9
    kinds = re.findall(r'<section class="slide (asks|live|says|) *" id="s-(\d+)">', lecture)
    assert [int(number) for _, number in kinds] == list(range(2, len(kinds) + 2))
    told = re.findall(r"<p>(\d+) minutes\.</p>", lecture)
    assert [minutes for minutes, *_ in stops] == told
    order = " ".join(kind or "shows" for kind, _ in kinds)
    assert re.fullmatch(r"asks( shows| live)+ says( asks( shows| live)+ says){8}", order)
    for _, ask, show, _ in stops:
        words = re.sub(r"[*_]", "", ask)
        assert words in re.sub("<[^>]+>", "", lecture), words
        shown = re.findall(r"\]\(\w+\.md#", show)
        assert not shown or lecture.count('class="shown') > 20
    faces = "".join(re.findall(r'<section class="slide.*?</section>', lecture, re.S))
    assert "<h2>Live: the <a" in faces and "of theirs" not in faces and "of theirs" in lecture, "told to the teacher alone"
    assert "CC BY 4.0" in faces.split("</section>")[0]


def test_words_lead_to_what_a_section_shows(built):
    """Where the first paragraph is too long, and where a figure is the second: whole sentences, no piece of a tag."""
    text = deck("decoder")
    slide = re.findall(r'<section class="slide.*?</section>', text, re.S)
    inside = [one for one in slide if "<h2>What is inside?</h2>" in one]
    assert "Here are the nine heads of one layer. What is" in re.sub("<[^>]*>", "", inside[0])
    leads = re.findall(r'<p class="lead">(.*?)</p>', text, re.S)
    assert len(leads) > 15
    for lead in leads:
        plain = re.sub("<[^>]*>", "", lead).strip()
        assert len(plain) <= slides.LEAD + 40 and re.match(r"[A-Z“(]", plain), plain
        assert sorted(re.findall(r"<(\w+)", lead)) == sorted(re.findall(r"</(\w+)", lead)), lead


def test_a_chapter_has_its_goals_its_sections_and_its_questions_without_answers(built):
    text = deck("self_attention")
    titles = re.findall(r"<h2>(.*?)</h2>", text)
    assert len(titles) > 30
    assert titles[:3] == ["Self-attention", "After this you can", "See it happen"]
    assert "Try it" not in titles and "Next" not in titles and "Remember" in titles
    faces = "".join(re.findall(r'<section class="slide.*?</section>', text, re.S))
    notes = "".join(re.findall(r'<aside class="notes">.*?</aside>', text, re.S))
    assert "Why are the scores divided" in faces and "So that no score is negative." in faces
    assert "Not right." not in faces and "Not right." in notes and "<details" not in faces


def test_a_picture_of_a_lab_or_a_page_needs_nothing_beside_it(built, lecture):
    assert not re.search(r'(?:src|href)="(?!data:|https?:|mailto:|#)', lecture)


@pytest.mark.parametrize("name", ["", "the_paper"])
def test_nothing_is_cut_and_the_keys_turn(opened, lecture, name):
    page = opened(deck(name) if name else lecture)
    assert page.evaluate(CUT) == []
    at = "() => Math.round(scrollY / innerHeight) + 1"
    for key, place in (("ArrowRight", 2), (" ", 3), ("PageUp", 2), ("Home", 1), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        page.wait_for_function(f"({at})() === {place}")
    page.keyboard.press("n")
    assert page.locator(".notes").first.is_visible()
    page.keyboard.press("d")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(21, 24, 29)"


def test_a_page_that_is_no_chapter_and_a_plan_that_shows_nothing(built):
    done = run("glossary")
    assert done.returncode == 1 and "glossary is no chapter that names its goals" in done.stderr
    cell = {"html": "x", "text": "5", "to": ["a/#gone"], "called": ["a"]}
    read = {"teaching/": {"stops": [[cell] * 4]}, "a/": {"title": "A", "sections": []}}
    with pytest.raises(BookError, match="shows a/#gone, and there is no such section"):
        list(slides.of_lecture(read))


def test_a_slide_is_a_sheet(built):
    done = run("smaller", "--pdf")
    said = re.fullmatch(r"\.cache.slides.smaller\.pdf: (\d+) slides, [\d.]+ MB\n", done.stdout)
    assert said, done.stdout + done.stderr
    assert (ROOT / ".cache/slides/smaller.pdf").read_bytes().count(b"/Type /Page\n") == int(said[1])
