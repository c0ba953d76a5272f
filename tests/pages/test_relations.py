"""A page whose words this build's numbers break is named: page, line, sentence and numbers."""

import functools

import pytest
from small_site import SNIPPET, SmallSite

from scripts.base import ROOT
from scripts.measure import claims
from scripts.pages import chapter, relations

VALUES = {("a/b", "long"): 0.93, ("a/b", "short"): 2.0, ("a/b", "none"): 0}


def number(name: str, variable: str) -> float:
    if (name, variable) not in VALUES:
        raise relations.RelationError(f"snippets/{name}.py leaves no value {variable}")
    return VALUES[name, variable]


@pytest.mark.parametrize(
    "relation",
    [
        "a/b.long < 1",
        "0.9 < a/b.long <= 1",
        "a/b.short > 1.5 * a/b.long and a/b.none >= 0 and -1 < a/b.none",
        "a/b.none <= 0",
    ],
)
def test_a_true_relation_is_not_seen(relation, says):
    says(
        "values and numbers with `<`, `<=`, `>` or `>=`, a factor in front of a value, `and` between two.",
        page="contributing",
    )
    text = f"It is so. <!-- holds: {relation} -->\nOn it goes.\n"
    assert list(relations.broken(text, number)) == []
    assert relations.placed(text, number) == "It is so.\nOn it goes.\n"


@pytest.mark.parametrize(
    ("relation", "said"),
    [
        ("a/b.long > 1", "a/b.long > 1, but a/b.long is 0.93"),
        ("0 < a/b.long < 0.5", "0 < a/b.long < 0.5, but a/b.long is 0.93"),
        ("a/b.long < 1 and a/b.short < 2", "a/b.short < 2, but a/b.short is 2"),
        ("a/b.long > 1.5 * a/b.short", "but a/b.long is 0.93, a/b.short is 2"),
    ],
)
def test_a_broken_relation_is_named_with_sentence_and_numbers(relation, said):
    text = f"First.\n\nSo much. Then it takes\n{{{{ a/b.long:.1f}}}} times as long. <!-- holds: {relation} -->"
    ((position, sentence),) = relations.broken(text, number)
    assert text[position:].lstrip().startswith("<!--")
    assert sentence.startswith("“Then it takes 0.9 times as long.” does not hold in this build: ")
    assert sentence.endswith(said)
    assert "<!--" not in (seen := relations.placed(text, number)) and "⚠" in seen


@pytest.mark.parametrize(
    "relation",
    ["a/b.long", "1 < 2", "a/b.long == 1", "a/b.long > __import__('os')", "a/b.longer > 1", "a/b.long >"],
)
def test_what_cannot_be_read_is_said(relation):
    ((_, said),) = relations.broken(f"So. <!-- holds: {relation} -->", number)
    assert "no relation that the build can read" in said or "leaves no value longer" in said


def test_one_that_is_shown_is_left_alone():
    text = "````markdown\nSo. <!-- holds: a/b.long > 1 -->\n````\n"
    assert list(relations.broken(text, number)) == [] and relations.placed(text, number) == text


def test_the_tool_for_claims_reads_over_it(tmp_path):
    page = tmp_path / "x.md"
    page.write_text("It is so. <!-- holds: a/b.long > 1 -->\nOn it goes.\n")
    assert claims.missing(page, "It is so. On it goes.", tmp_path) == ""


@pytest.mark.parametrize(("page", "least"), [("why_transformers", 4), ("parallelism", 6)])
def test_the_pages_about_time_ask_each_build(book, page, least):
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    values = functools.partial(chapter.number, book)
    assert len(relations.HOLDS.findall(text)) >= least
    assert list(relations.broken(text, values)) == []
    assert "<!-- holds" not in chapter.fill(book, text)


def test_a_strict_build_fails_with_page_line_sentence_and_numbers(tmp_path):
    site = SmallSite(tmp_path / "book")
    said = f"The peak is high.<!-- holds: {SNIPPET}.highest > 1 -->"
    site.page.write_text(site.page.read_text("utf-8") + f"\n{said}\n", "utf-8")
    line = site.page.read_text("utf-8").split("\n").index(said) + 1
    done = site("--strict")
    assert done.returncode != 0 and not site.html.exists()
    told = [one for one in (done.stdout + done.stderr).split("\n") if "The peak is high" in one]
    assert told and f"docs/{site.page.name}, line {line}: “The peak is high.” does not hold" in told[0]
    assert f"{SNIPPET}.highest is 0.0" in told[0]
    done = site()
    assert done.returncode == 0 and "⚠" in site.html.read_text("utf-8")
    site.page.write_text(site.page.read_text("utf-8").replace("> 1 -->", "< 1 -->"), "utf-8")
    assert site("--strict").returncode == 0 and "holds:" not in site.html.read_text("utf-8")


def test_all_pages_are_read_before_anything_is_computed(book, tmp_path):
    """As `mkdocs serve` does in a fresh clone: no output is there, and each is waited for."""
    for name in ("docs", "snippets"):
        (tmp_path / name).symlink_to(ROOT / name)
    fresh = type(book)(tmp_path)
    fresh.pending = frozenset(fresh.names())
    pages = sorted((ROOT / "docs").glob("*.md"))
    assert any(relations.HOLDS.search(page.read_text("utf-8")) for page in pages)
    for page in pages:
        text = page.read_text("utf-8")
        assert chapter.fill(fresh, text).count("⚠") == text.count("⚠")  # a page tells of the sign
    said = chapter.check(fresh, tmp_path / "docs")
    assert not [one for one in said if "is on no page" not in one]
