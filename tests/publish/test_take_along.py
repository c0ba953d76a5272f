"""The book as one file: what opens from a folder, and all pages as one."""

import posixpath
import re
import shutil
import zipfile
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import expect

from scripts.base import ROOT
from scripts.measure import audit
from scripts.publish.pdf import in_order, one_page
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
    assert set(pages) == set(audit.addresses(ROOT / "site")), "each is reached"
    assert pages[:2] == ["", "why_transformers/"]
    whole = audit.Reader(one_page(ROOT / "site"))
    assert not [one for one in whole.links if one.startswith("#") and one[1:] not in whole.ids]
    assert len(set(whole.ids)) == len(whole.ids)
    assert sum(level == 1 for level in whole.headings) == len(pages)
