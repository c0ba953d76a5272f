"""The page for an address that leads nowhere: whole and with a way home, wherever the site lies."""

import re
from urllib.parse import urlsplit

import pytest
from browser import Quiet, serving
from playwright.sync_api import expect
from small_site import SmallSite

from scripts.base import ROOT
from scripts.measure import audit

pytest_plugins = ["browser"]

DEEP = "any/sub/path/"


@pytest.fixture(scope="module")
def host(built):
    """A plain host: the site in a folder three deep, and 404.html for all that is not there."""

    class Host(Quiet):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(ROOT / "site"))

        def translate_path(self, path: str) -> str:
            path = urlsplit(path).path.lstrip("/")
            return super().translate_path(path.removeprefix(DEEP) if path.startswith(DEEP) else "none")

        def send_error(self, code, *_):
            page = (ROOT / "site" / "404.html").read_bytes()
            self.send_response(code)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def end_headers(self):
            super(Quiet, self).end_headers()  # without a policy

    with serving(Host) as httpd:
        yield httpd


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("place", ["nowhere", "decoding/nowhere/at/all/", "decoding/none.html"])
def test_it_is_whole_and_leads_home(browser, host, violations, place, scheme):
    home, missing = f"{host.url}{DEEP}", []
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.on("requestfailed", lambda asked: missing.append(asked.url))
    page.goto(home + place)
    link = page.get_by_role("link", name="To the first page")
    expect(link).to_have_attribute("href", home)
    paper = {"light": "rgb(254, 253, 251)", "dark": "rgb(21, 24, 29)"}[scheme]
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
    assert not violations(page) and not missing
    leads = page.locator("nav a").evaluate_all("all => all.map((one) => one.href)")
    there = {f"{home}{one}" for one in audit.english(ROOT / "site")}
    assert set(leads) == there, "each page of the book, and nothing else"
    link.click()
    expect(page).to_have_url(home)
    expect(page.locator("h1")).to_contain_text("The Executable Transformer")
    context.close()


def test_it_is_as_dark_as_the_reader_chose(browser, host):
    context = browser.new_context(color_scheme="light")
    page = context.new_page()
    page.goto(f"{host.url}{DEEP}decoding/")
    page.locator("label[title='Switch to light']").click()
    page.locator("label[title='Switch to dark']").click()
    page.goto(f"{host.url}{DEEP}nowhere")
    expect(page.locator("html")).to_have_class("dark")
    context.close()


def test_without_scripts_nothing_is_dead(browser, host):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{host.url}{DEEP}decoding/nowhere")
    expect(page.get_by_role("heading")).to_have_text("There is no such page")
    expect(page.get_by_text("Shorten the address")).to_be_visible()
    expect(page.locator("[href], [src]")).to_have_count(0)
    context.close()


def test_where_the_site_has_an_address_it_needs_no_script(tmp_path):
    site = SmallSite(tmp_path / "book")
    assert site("--strict", env={"SITE_URL": "https://example.org/a/b/"}).returncode == 0
    found = audit.Reader((site.folder / "site" / "404.html").read_text("utf-8"))
    assert "https://example.org/a/b/" in found.links and "https://example.org/a/b/the_paper-schedule/" in found.links
    assert all(one.startswith("https://example.org/a/b/") for one in found.links)


def test_its_colors_are_the_books():
    """It may load no other file, so it names the colors once more."""
    colors = re.compile(r"(--(?:paper|rule|ink|quiet|accent|fig-weight)): (#\w+)")
    book = colors.findall((ROOT / "docs" / "assets" / "styles" / "colors.css").read_text("utf-8"))
    page = colors.findall((ROOT / "docs" / "overrides" / "404.html").read_text("utf-8"))
    light, dark = dict(book[:6]), dict(book[6:])
    assert [dict(page[:6]), dict(page[6:12]), dict(page[12:])] == [light, dark, dark]
