"""The translated pages of the built site: their language, the ways to the others, their search."""

import html
import json
import posixpath
import re

import pytest
from playwright.sync_api import expect

from scripts.base import ROOT
from scripts.pages import asked, tongues

pytest_plugins = ["browser"]

DOCS, SITE = ROOT / "docs", ROOT / "site"
KNOWN = tongues.known(DOCS)
NAMES = [f"{code}/{path.stem}" for code in KNOWN for path in sorted((DOCS / code).glob("*.md"))]
HEADING = re.compile(r'<h[1-6] id="([^"]+)"')


def page(name: str) -> str:
    return (SITE / name.removesuffix("index") / "index.html").read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_translation_says_its_language_and_leads_to_the_original(built, name):
    text, (code, _, stem) = page(name), name.partition("/")
    assert f'<html lang="{code}"' in text
    ways = dict(re.findall(r'<a href="([^"]*)" hreflang="(\w+)" class="md-select__link">', text))
    depth = "../" if stem == "index" else "../../"
    there = depth + ("" if stem == "index" else f"{stem}/")
    assert {language: address.rstrip("/") for address, language in ways.items()} == {
        "en": there.rstrip("/"), code: "."}  # fmt: skip
    told = re.findall(r'<link rel="alternate " href="([^"]*)" hreflang="(\w+)">', text)
    assert [(address.rstrip("/"), language) for address, language in told] == [
        (there.rstrip("/"), "en"), (".", code)]  # fmt: skip
    english = page(stem)
    assert re.search(rf'<link rel="alternate " href="[./]*{code}/[^"]*" hreflang="{code}">', english)


@pytest.mark.parametrize("name", NAMES)
def test_a_section_has_the_same_anchor_in_each_language(built, name):
    """So that a link, a question and who changes the language find it."""
    here, there = (HEADING.findall(page(one)) for one in (name, name.partition("/")[2]))
    assert here == [one for one in there if one in here]
    assert here == there or name.endswith("glossary")


@pytest.mark.parametrize("name", NAMES)
def test_the_book_says_nothing_in_english_there(built, name):
    """Beside what programs wrote, which is marked, and the names of pages that are not translated."""
    code = name.partition("/")[0]
    text = re.sub(r"<(script|style|template|svg|math|pre|em)\b.*?</\1>|<title>.*?</title>", "", page(name), flags=re.S)
    labels = set(re.findall(r'\b(?:title|aria-label|placeholder)="([^"]+)"', text))
    lines = {html.unescape(one).strip() for one in re.findall(r">([^<>]+)<", text)}
    said = {one for one in KNOWN[code].page if KNOWN[code].page[one] != one} - {"head"}
    assert not {one for one in (labels | lines) & said}
    boxes = re.findall(r'<div[^>]*class="[^"]*\bhighlight\b[^>]*>', page(name))
    assert all('lang="en"' in box for box in boxes)


@pytest.mark.parametrize("code", KNOWN)
def test_a_page_that_is_not_translated_says_so_to_who_asks(built, code):
    text = page("decoding")
    assert f'<a href="#{code}" hreflang="{code}" class="md-select__link">' in text
    assert f'<aside class="not-translated md-typeset" id="{code}" lang="{code}">' in text
    assert f'hreflang="{code}">' not in text.partition("</head>")[0], "there is no such page"
    assert "not-translated" not in re.sub(r"<style>.*?</style>", "", page("self_attention"), flags=re.S)


@pytest.mark.parametrize("code", KNOWN)
def test_its_list_of_pages_has_each_page_once(built, code):
    """Those that are not translated are marked, and lead to the English ones."""
    nav = re.search(r'<nav class="md-nav md-nav--primary".*?</nav>\s*</div>', page(f"{code}/glossary"), re.S)
    links = re.findall(r'<a href="([^"]*)" class="md-nav__link', nav[0])
    english = {path.stem for path in DOCS.glob("*.md")}
    assert sum(f"#{code}" in link for link in links) >= len(english) - len(NAMES)
    places = {posixpath.normpath(f"{code}/glossary/{link}") for link in links if "#" not in link}
    own = {place for place in places if f"{place}/".startswith(f"{code}/")}
    assert own == {name.removesuffix("/index") for name in NAMES if name.startswith(code)}
    ours = re.search(r'<nav class="md-nav md-nav--primary".*?</nav>\s*</div>', page("glossary"), re.S)[0]
    assert f"/{code}/" not in ours and f'"{code}/' not in ours


@pytest.mark.parametrize("code", KNOWN)
def test_each_language_has_its_index(built, code):
    def docs(folder: str) -> list[dict]:
        return json.loads((SITE / folder / "search" / "search_index.json").read_text("utf-8"))["docs"]

    here, english = docs(code), docs("")
    own = [one for one in here if not one["location"].startswith("../")]
    assert {one["location"].partition("#")[0] for one in own} == {
        "" if name.endswith("/index") else f"{name.partition('/')[2]}/" for name in NAMES}  # fmt: skip
    assert not any("boost" in one for one in own)
    assert all(one["boost"] < 0.001 for one in here if one not in own)
    assert all(one["boost"] < 0.001 for one in english if one["location"].startswith(f"{code}/"))
    doubled = {one["location"].removeprefix("../") for one in here if one not in own} & {one["location"] for one in own}
    assert not doubled
    assert f'"base": "{"."}"' in page(f"{code}/index") and '"base": ".."' in page(f"{code}/glossary")


def found(shown, words: str, best: str) -> list[str]:
    """Type words into the search box; the pages that are found once the best of them is that one."""
    box = shown.locator("[data-md-component=search-query]")
    box.click()
    box.fill("")
    box.press_sequentially(words)
    first = shown.locator(".md-search-result__item > .md-search-result__link").first
    expect(first).to_have_attribute("href", re.compile(best))
    links = shown.locator(".md-search-result__item > .md-search-result__link")
    return links.evaluate_all("all => all.map((one) => new URL(one.href).pathname)")


def test_portuguese_words_find_portuguese_pages_and_english_words_the_others(tour):
    shown = tour("pt/self_attention/")
    assert found(shown, "pontuacao", "/pt/self_attention/")[0] == "/pt/self_attention/"
    assert found(shown, "raiz quadrada", "/pt/self_attention/")[0] == "/pt/self_attention/"
    assert "/decoding/" in found(shown, "decoding", "/decoding/")


def test_in_the_search_of_english_pages_the_translated_ones_come_last(searched):
    terms = ["softmax", "attention map", "query", "MiniLM", "atenção", "pontuação"]
    found = searched(terms)
    for term in terms[:4]:
        places = [one.startswith("pt/") for one in found[term]]
        assert places == sorted(places) and True in places, term
    assert all(one.startswith("pt/") for term in terms[4:] for one in found[term]) and found["atenção"]


def test_who_changes_the_language_stays_in_the_section(tour):
    shown = tour("pt/self_attention/#many-heads")
    shown.locator(".md-select button").hover()
    shown.locator(".md-select__link[hreflang=en]").click()
    expect(shown).to_have_url(re.compile(r"(?<!pt)/self_attention/#many-heads$"))
    assert shown.evaluate("document.documentElement.lang") == "en"
    anchors = asked.anchors((DOCS / "self_attention.md").read_text("utf-8"))
    assert "many-heads" in anchors


def test_the_line_is_seen_by_who_comes_from_another_language_alone(tour):
    shown = tour("decoding/")
    expect(shown.locator(".not-translated")).to_be_hidden()
    shown.goto(shown.url + "#pt")
    expect(shown.locator(".not-translated")).to_be_visible()


def test_the_questions_answer_in_portuguese(tour):
    shown = tour("pt/self_attention/")
    box = shown.locator(".question[data-kind=number]")
    box.locator("input").fill("28 800")
    box.get_by_role("button", name="Verificar").click()
    expect(box.locator(".question-says")).to_contain_text("Certo: 28\u202f800.")
    box.locator("input").fill("7")
    box.get_by_role("button", name="Verificar").click()
    expect(box.locator(".question-says")).to_contain_text("7 é pequeno demais.")
