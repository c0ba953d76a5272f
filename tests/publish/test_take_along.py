"""The book as one file: what opens from a folder, and all pages as one."""

import json
import posixpath
import re
import shutil
import subprocess
import sys
import zipfile
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import expect

from scripts.base import ROOT, BookError
from scripts.measure import audit
from scripts.publish.pdf import PREPARE, chosen, in_order, one_page, sheets
from scripts.publish.zip import NAME, make_zip, opened_from_a_folder

pytest_plugins = ["browser"]


@pytest.fixture
def site(tmp_path):
    """Two pages, each with a link to the other, and a file."""
    for page, body in (
        ("", '<a href="a/">x</a><a href="a/?b=1#c">y</a><link href="assets/s.css">'),
        ("a/", '<a href="..">x</a><a href="../#c">y</a><a href="#c">z</a><a href="https://a.b/">w</a>'),
    ):
        (tmp_path / page).mkdir(exist_ok=True)
        (tmp_path / page / "index.html").write_text(body)
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "s.css").write_text("")
    (tmp_path / "404.html").write_text('<a href="/">home</a>')
    return tmp_path


def test_links_lead_to_files(site, tmp_path_factory):
    into = tmp_path_factory.mktemp("zip") / "book.zip"
    make_zip(site, into)
    with zipfile.ZipFile(into) as archive:
        first, second = (archive.read(f"{NAME}/{page}index.html").decode()
                         for page in ("", "a/"))  # fmt: skip
        assert f"{NAME}/assets/s.css" in archive.namelist()
        assert f"{NAME}/404.html" not in archive.namelist()
    assert first == ('<a href="a/index.html">x</a><a href="a/index.html?b=1#c">y</a>'
                     '<link href="assets/s.css">')  # fmt: skip
    assert second == ('<a href="../index.html">x</a><a href="../index.html#c">y</a>'
                      '<a href="#c">z</a><a href="https://a.b/">w</a>')  # fmt: skip
    before = into.read_bytes()
    make_zip(site, into)
    assert into.read_bytes() == before, "the same bytes each time"


def test_every_page_opens_from_a_folder(built):
    site = ROOT / "site"
    for page in audit.addresses(site):
        text = (site / page / "index.html").read_text("utf-8")
        for link in audit.Reader(opened_from_a_folder(text, page, site)).links:
            parts = urlsplit(link)
            if not parts.scheme and not parts.netloc and parts.path:
                place = posixpath.normpath(posixpath.join(page, unquote(parts.path)))
                there = (site / place).is_file() or place == "assets/folder.js"  # in the zip alone
                assert there, f"{page}: {link}"


def test_a_folder_searches_and_asks(built, browser, tmp_path):
    """Without a server: the search finds, its results open, a question answers and is kept."""
    no_weights = shutil.ignore_patterns("weights")
    shutil.copytree(ROOT / "site", tmp_path / "site", ignore=no_weights)
    make_zip(tmp_path / "site", tmp_path / "book.zip")
    with zipfile.ZipFile(tmp_path / "book.zip") as archive:
        archive.extractall(tmp_path)
    home = tmp_path / NAME
    page = browser.new_page()
    page.goto((home / "index.html").as_uri())
    page.locator(".md-search__input").click()
    page.keyboard.type("perplexity")
    found = page.locator(".md-search-result__link").first
    expect(found).to_have_attribute("href", re.compile("/decoder/index.html"))
    found.click()
    expect(page.locator("h1")).to_contain_text("Decoder")
    choice = page.locator(".question[data-kind='choice']").first
    expect(choice.get_by_role("radio").first).to_be_visible()  # a script makes them
    for option in choice.get_by_role("radio").all():
        option.click()
    expect(choice.locator(".question-done")).to_have_text("✓ answered right")
    kept = page.evaluate("localStorage.getItem('executable-transformer-progress')")
    assert '"decoder"' in kept
    box = page.locator(".live[data-live]").first
    expect(box).to_contain_text("python3 -m http.server")
    expect(page.locator(".apart")).to_have_count(0)  # Firefox alone
    page.close()


def test_the_unpacked_site_offers_no_search_that_does_nothing(built, browser):
    """Without a server and without what the zip adds: a phone's reader of files."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto((ROOT / "site" / "decoder" / "index.html").as_uri())
    expect(page.locator("h1")).to_contain_text("Decoder")
    expect(page.locator("[for=__search]:visible, .md-search:visible")).to_have_count(0)
    expect(page.locator(".live[data-live]").first).to_contain_text("python3 -m http.server")
    page.close()


def test_all_pages_as_one(built):
    pages = in_order(ROOT / "site")
    assert set(pages) == set(audit.english(ROOT / "site")), "each is reached"
    assert pages[:2] == ["", "why_transformers/"]
    text = one_page(ROOT / "site")
    whole = audit.Reader(text)
    assert not [one for one in whole.links if one.startswith("#") and one[1:] not in whole.ids]
    assert len(set(whole.ids)) == len(whole.ids)
    assert sum(level == 1 for level in whole.headings) == len(pages) + 2, "cover and contents"
    of_a_page = re.search(r"<body[^>]*>", (ROOT / "site" / "index.html").read_text("utf-8"))[0]
    assert 'dir="ltr"' in of_a_page and of_a_page in text, "or folds have not the book's style"
    contents = re.search(r'<nav class="md-typeset contents">.*?</nav>', text, re.S)[0]
    assert re.findall(r'href="#([^"]+)"', contents) == [page.strip("/").replace("/", "-") or "first" for page in pages]
    parts = re.findall(r"<p>(.*?)</p>", contents)
    assert parts[:2] == ["The tour", "The blocks"] and len(parts) == len(set(parts))


def test_some_pages_are_chosen_by_name(built):
    pages = in_order(ROOT / "site")
    assert chosen(pages, []) == pages
    assert chosen(pages, ["decoding", "labs/decoder", "encoder"]) == ["encoder/", "decoding/", "labs/decoder/"]
    with pytest.raises(BookError, match="no page encodr; there are index, why_transformers"):
        chosen(pages, ["encodr"])


@pytest.mark.parametrize("answers", [True, False])
def test_before_it_is_printed_all_is_open_and_answers_may_go(browser, site_server, answers):
    page = browser.new_page()
    whole = ROOT / "site" / "all.html"
    whole.write_text(one_page(ROOT / "site", ["decoder/", "labs/decoder/"]), "utf-8")
    try:
        page.goto(site_server.url + "all.html")
        page.evaluate(PREPARE, answers)
    finally:
        whole.unlink()
    count = lambda what: page.locator(what).count()
    assert count("details") > 10 and count("details:not([open])") == 0
    assert (count("details.answer") > 4) == answers and (count("details.success") > 0) == answers
    solutions = page.locator("details.hint > summary").filter(has_text=re.compile("^Solution$"))
    assert (solutions.count() > 0) == answers and count("details.hint") > 0, "hints stay"
    assert count("details.first-cell") == 1, "the cell that gets the models is nothing to read"
    inside = page.locator("details.success > summary, details.answer > summary")
    if answers:  # it has the book's style: room for the sign
        assert parse_px(inside.first.evaluate("(one) => getComputedStyle(one).paddingLeft")) > 8
    assert count("a[href^='http://127.0.0.1']") == 0, "a printed link leads somewhere"
    page.close()


def parse_px(length: str) -> float:
    return float(length.removesuffix("px"))


BOOK = """
import json, sys
from pathlib import Path
from scripts.publish import pdf

seen, one_page = [], pdf.one_page
pdf.one_page = lambda *of: seen.append(of[2]) or one_page(*of)
pdf.make_pdf(Path("site"), Path(sys.argv[1]), ["glossary/", "playground/"], answers=False)
print(json.dumps(seen))
"""


def test_a_book_has_page_numbers_and_contents_that_name_them(built, tmp_path):
    """In a process of its own: the browser of the tests is driven in this one."""
    into = tmp_path / "book.pdf"
    done = subprocess.run(
        [sys.executable, "-c", BOOK, into], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    before, then = json.loads(done.stdout)
    data = into.read_bytes()
    at = sheets(data)
    assert 3 <= at["glossary"] < at["playground"]
    assert at["playground"] <= max(map(int, re.findall(rb"/Type /Pages\n/Count (\d+)", data)))
    assert before is None and [then[one] for one in ("glossary", "playground")] == [
        at[one] for one in ("glossary", "playground")], "printed again, they lie where it was said"  # fmt: skip
    text = one_page(ROOT / "site", ["glossary/", "playground/"], at)
    assert f"<b>{at['playground']}</b>" in text and not (ROOT / "site/all.html").exists()
    assert "counter(page)" in text
