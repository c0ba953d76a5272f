"""The pages: every reference resolves, nothing measured is typed, nothing is orphaned."""

import re

import pytest
import yaml

from scripts.base import ROOT
from scripts.compute.book import Book
from scripts.pages import chapter as pages
from scripts.pages.refused import DESCRIPTION

DOCS = ROOT / "docs"
PAGES = sorted(p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md"))
CHAPTERS = [p for p in PAGES if (ROOT / "snippets" / p.removesuffix(".md")).is_dir()]
CHAPTERS = [p for p in CHAPTERS if p not in ("index.md", "models.md", "how_it_is_made.md")]


def test_no_problem_between_pages_and_snippets(book):
    assert pages.check(book, DOCS) == []


@pytest.fixture
def page(book, tmp_path):
    """page(text) → the problems of a page with this text."""

    def problems(text: str) -> list[str]:
        (tmp_path / "docs").mkdir(exist_ok=True)
        (tmp_path / "docs" / "x.md").write_text(text, "utf-8")
        seen = type(book)(book.root)
        seen.root = tmp_path  # so that the page's path can be shown
        found = pages.check(seen, tmp_path / "docs")
        return [problem for problem in found if problem.startswith("docs/")]

    return problems


SCALING = "self_attention/scaling"
HEAD = "---\ndescription: A page about what pages say.\n---\n# X\n\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('--8<-- "self_attention/scalin.py"', "did you mean self_attention/scaling?"),
        ("![A long enough alt text for a figure](figures/a/b.svg)", "no snippet a/b"),
        ("![short](figures/self_attention/scaling.svg)", "alt text does not tell"),
        ("![A long enough alt text for a figure](figures/models/cards.svg)", "no figure"),
        ("{{ self_attention/scaling.rew }}", "did you mean raw?"),
        ("{{ self_attention/scaling.raw:.2q }}", "cannot be written as .2q"),
        ("{{ self_attention/scaling.query }}", "a number, a text or a truth value can"),
        ("It is 3.7 times as wide.", "“3.7” looks measured"),
        ("It took 12 ms.", "“12 ms” looks measured"),
        ("In 40% of cases.", "“40%” looks measured"),
        ("```python\nprint(1)\n```", "Python is included from snippets/"),
    ],
)
def test_a_bad_page_is_named_with_its_line(page, text, said, says):
    says("Never type a number that was measured.", page="contributing")
    (problem,) = page(f"{HEAD}{text}\n")
    assert problem.startswith("docs/x.md, line 6: ") and said in problem, problem


@pytest.mark.parametrize(
    "text",
    [
        "In $0.5 \\cdot 2.5$ and `0.25`, in layer 6, head 12, step 3 of 4.",
        "It has 65 million parameters in 8.5 MB.[^paper]",
        "| a | {{ self_attention/scaling.raw:.1f }} |",
        '```python\n--8<-- "self_attention/scaling.py"\n```',
        "In 2017, with 8 heads, section 3.2.1, Python 3.11.",
    ],
)
def test_a_good_page_has_no_problem(page, text):
    assert page(f"{HEAD}{text}\n") == []


HIDDEN = re.compile(  # what is no prose: front matter, code, drawings, formulas, tags, addresses
    r"\A---\n.*?\n---\n|^(?P<indent>[ \t]*)(?P<mark>`{3,}).*?^(?P=indent)(?P=mark)[ \t]*$"
    r"|<(?P<tag>svg|style|script)\b.*?</(?P=tag)>|<!--.*?-->|<[^>\n]*>"
    r"|\$\$.*?\$\$|\$[^$\n]+\$|(?P<ticks>`+)(?:(?!\n\n).)+?(?P=ticks)"
    r"|^[ \t]*--8<--[^\n]*|^[ \t]*(?:\?\?\?|!!!)[^\n]*|\{[:.#][^}\n]*\}"
    r"|(?<=\]\()[^)\s]+(?=[ )])|^\[\^\w+\]:[^\n]*",
    re.S | re.M,
)
TITLE = re.compile(r' "([^"\n]*)"\)')  # the caption of a figure, between the quotes of Markdown
LABS = sorted((DOCS / "labs").glob("*.py"))


def prose(text: str) -> str:
    """The sentences of a page: its values in place, without code, formulas and addresses."""
    return TITLE.sub(r" \1)", HIDDEN.sub("", text))


def sentences(book, name: str) -> str:
    """The same of a page of docs/, or of the cells of a lab that are Markdown."""
    text = (DOCS / name).read_text("utf-8")
    if name.endswith(".md"):  # no fence is filled: what a program printed is no prose
        return prose(pages.quoted(book, text))
    cells = re.findall(r"^# %% \[markdown\][^\n]*\n((?:#[^\n]*\n)*)", text, re.M)
    return prose("\n".join(re.sub("^# ?", "", cell, flags=re.M) for cell in cells))


UNTIDY = {
    'the quotes of prose are “ and ”, not "': r'[^\n]{0,30}"[^\n]{0,20}',
    "a number's minus is −, not a hyphen": r"(?<![\w.\]-])-\d[^\n]{0,20}",
    "a long number has commas": r"(?<![\w.,/:-])\d{5,}(?![\w.,/]*\w)[^\n]{0,20}",
}


@pytest.mark.parametrize("said", UNTIDY)
@pytest.mark.parametrize("name", [*PAGES, *(f"labs/{path.name}" for path in LABS)])
def test_prose_is_set_with_care(book, name, said):
    text = sentences(book, name)
    assert len(text) > 500
    assert re.findall(UNTIDY[said], text) == [], f"{name}: {said}"


def test_a_negative_value_has_a_minus_in_prose_and_a_hyphen_in_code(book):
    name = "decoding/greedy.total"
    assert re.fullmatch(r"−\d+\.\d", pages.fill(book, f"{{{{ {name}:.1f }}}}"))
    assert re.fullmatch(r"`-\d+\.\d`", pages.fill(book, f"`{{{{ {name}:.1f }}}}`"))


def test_a_small_value_is_a_power_of_ten_in_prose_and_as_printed_in_code(book):
    name = "why_transformers/gradient.plain"
    power = r"\$\d\.\d \\cdot 10\^\{-\d+\}\$"
    assert re.fullmatch(power, pages.fill(book, f"{{{{ {name}:.1e}}}}"))
    assert re.fullmatch(r"`\d\.\de-\d+`", pages.fill(book, f"`{{{{ {name}:.1e}}}}`"))
    none = "from_scratch/speech.in_maps"
    assert pages.fill(book, f"{{{{ {none}:.1e}}}}") == "0"


@pytest.mark.parametrize("name", PAGES)
def test_footnotes_follow_the_stop_and_are_numbered_as_they_are_met(name):
    text = (DOCS / name).read_text("utf-8")
    assert re.findall(r"[^\n]{0,30}\S\[\^[\w-]+\][.,;:!?](?=[\s)*”])", text) == []
    notes = re.findall(r"^\[\^([\w-]+)\]:", text, re.M)
    assert notes == list(dict.fromkeys(re.findall(r"\[\^([\w-]+)\](?!:)", text)))


@pytest.mark.parametrize("name", PAGES)
def test_every_drawing_has_a_caption(name):
    text = (DOCS / name).read_text("utf-8")
    for drawing in re.findall(r"<figure\b.*?</figure>", text, re.S):
        assert re.search(r"<figcaption>[^<]{20,}", drawing), drawing[:200]
    shown = re.sub(r"^[ \t]*```.*?^[ \t]*```|`[^`\n]+`", "", text, flags=re.M | re.S)
    for figure, caption in re.findall(r"\]\((figures/[^\s)]+)( \"[^\"\n]{15,}\")?", shown):
        assert caption, figure


def test_an_orphan_is_named(book, tmp_path):
    (tmp_path / "x.md").write_text("# X")
    seen = type(book)(book.root)
    seen.root = tmp_path
    found = pages.check(seen, tmp_path)
    assert f"snippets/{SCALING}.py is on no page: include it in docs/, or remove it" in found


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_a_value_that_is_no_number_is_refused(book, monkeypatch, number, says):
    says("for a value that is not a finite number, a text or a truth value", page="contributing")
    monkeypatch.setitem(book.outcome(SCALING).values, "raw", number)
    with pytest.raises(pages.PageError, match=f"is {number}, which tells a reader nothing"):
        pages.value(book, SCALING, "raw", ".1f")
    assert "⚠" in pages.fill(book, f"{{{{ {SCALING}.raw:.1f }}}}")


def test_a_program_that_is_shown_and_never_run_is_named(tmp_path):
    for place in ("longest.py", "decoding/more/beam.py", "tool.py", "decoding/one.py"):
        path = tmp_path / "snippets" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("from snippets import tool\n" if path.stem == "one" else "1\n")
    (tmp_path / "docs").mkdir()
    for shown, said in (
        ("longest.py", "move it to snippets/<chapter>/longest.py"),
        ("decoding/more/beam.py", "move it to snippets/<chapter>/beam.py"),
        ("tool.py", None),
        ("decoding/one.py", None),
    ):
        page = f'{HEAD}```python\n--8<-- "{shown}"\n```\n'
        (tmp_path / "docs" / "x.md").write_text(page, "utf-8")
        found = pages.check(Book(tmp_path), tmp_path / "docs")
        named = [one for one in found if "is never run" in one]
        assert len(named) == bool(said), (shown, found)
        assert not said or (named[0].startswith("docs/x.md, line 7: ") and said in named[0])


def test_values_are_filled_and_outputs_marked(book):
    raw = book.outcome(SCALING).values["raw"]
    assert pages.fill(book, f"{{{{ {SCALING}.raw:.1f }}}}!") == f"{raw:.1f}!"
    text = f'```text\n--8<-- "{SCALING}.txt"\n```\n'
    assert pages.fill(book, text).startswith("```{ .text .output }\n")
    assert "⚠" in pages.fill(book, "{{ no/such.value }}")


@pytest.mark.parametrize("name", PAGES)
def test_headings_are_in_order(name):
    text = re.sub(r"^[ \t]*```.*?^[ \t]*```", "", (DOCS / name).read_text("utf-8"),
                  flags=re.M | re.S)  # fmt: skip
    levels = [len(found[1]) for found in re.finditer(r"^(#+) ", text, re.M)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:]))


@pytest.mark.parametrize("name", PAGES)
def test_front_matter_can_be_read(name):
    """If it cannot, mkdocs prints it as the page's first lines."""
    text = (DOCS / name).read_text("utf-8")
    if text.startswith("---"):
        told = yaml.safe_load(text.split("---\n")[1])
        least, most = DESCRIPTION
        assert least < len(told["description"]) < most


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_has_its_parts(name):
    text = (DOCS / name).read_text("utf-8")
    for part in ("## Try it", "## Remember", "## Next", "glossary.md#"):
        assert part in text, f"{name} lacks {part}"
    assert text.startswith("---\n") and "\ndescription: " in text.split("---")[1]


@pytest.mark.parametrize("name", PAGES)
def test_words(name):
    """The book's manner of speaking: no filler, no hype, American spelling."""
    prose = re.sub(r"^[ \t]*```.*?^[ \t]*```", "", (DOCS / name).read_text("utf-8"),
                   flags=re.M | re.S)  # fmt: skip
    prose = re.sub(r"^\[\^\w+\]:.*$|`[^`\n]*`", "", prose, flags=re.M)
    bad = r"\b(simply|obviously|powerful|magic(?:al)?|coming soon|colour|neighbour|licence)\b"
    found = re.search(bad, prose, re.I)
    assert not found, f"{name}: “{found and found[0]}”"
