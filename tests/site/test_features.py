"""Each feature of the theme that mkdocs.yml asks for does something on the built site."""

import re

from playwright.sync_api import expect
from small_site import SNIPPET, SmallSite

from scripts.base import ROOT

pytest_plugins = ["browser"]

CHAPTER = "self_attention/"


def asked() -> list[str]:
    """The features in mkdocs.yml."""
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    listed = re.search(r"^  features:\n((?:    - \S+\n)+)", text, re.M)
    return re.findall(r"- (\S+)", listed[1])


def test_each_feature_has_its_test():
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert {one.replace(".", "_") for one in asked()} == tested - {"each_feature_has_its_test", "search_highlight_of_letters"}


def test_navigation_sections(tour):
    """The parts of the book stand open in the sidebar, their chapters below."""
    page = tour(CHAPTER)
    part = page.locator(".md-nav--primary .md-nav__item--section", has_text="Under the hood")
    expect(part.get_by_role("link", name="Decoding")).to_be_visible()
    expect(page.locator(".md-nav--primary .md-nav__item--section")).to_have_count(6)


def test_navigation_footer(tour):
    """At its end a chapter leads to the ones before and after."""
    page = tour(CHAPTER)
    foot = page.locator(".md-footer")
    expect(foot.get_by_role("link", name="Previous")).to_have_attribute("href", "../creativity/")
    foot.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile("/masked_self_attention/$"))


def test_navigation_tracking(tour):
    """The address names the section that the reader has come to."""
    page = tour(CHAPTER)
    heading = page.locator("h2[id]").nth(1)
    name = heading.get_attribute("id")
    # What comes near is laid out late and moves it, so it is gone to again, a little beside.
    come = """([name, away]) => new Promise((done) => {
      const {top} = document.getElementById(name).getBoundingClientRect();
      scrollBy(0, top - 20 - away);
      setTimeout(() => done(location.hash), 600);
    })"""
    assert any(page.evaluate(come, [name, turn % 2]) == f"#{name}" for turn in range(50))


def test_toc_follow(tour):
    """The list of sections scrolls along, so that the present one is in sight."""
    page = tour(CHAPTER)
    page.set_viewport_size({"width": 1280, "height": 420})
    list_ = page.locator(".md-sidebar--secondary .md-sidebar__scrollwrap")
    assert list_.evaluate("box => box.scrollHeight > box.clientHeight && box.scrollTop === 0")
    page.locator("h2[id]").last.scroll_into_view_if_needed()
    page.mouse.move(640, 200)
    page.mouse.wheel(0, 4000)
    page.wait_for_function("box => box.scrollTop > 0", arg=list_.element_handle())
    expect(list_.locator(".md-nav__link--active").last).to_be_in_viewport()


def test_content_code_copy(tour):
    """A button beside the code copies it, and says so."""
    page = tour(CHAPTER)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    box = page.locator(".highlight:not(.output)").first
    box.hover()
    box.get_by_role("button", name="Copy to clipboard").click()
    expect(page.locator(".md-dialog")).to_contain_text("Copied to clipboard")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == box.locator("code").inner_text().strip() and copied.strip()


def test_content_lazy(tour):
    """The buttons of a box of code are made when it comes into sight, not before."""
    page = tour(CHAPTER)
    last = page.locator(".highlight:not(.output)").last
    page.wait_for_timeout(500)
    expect(last.locator(".md-code__nav")).to_have_count(0)
    last.scroll_into_view_if_needed()
    expect(last.locator(".md-code__nav")).to_have_count(1)


def test_content_action_edit(tmp_path):
    """Where a host says where the sources lie, each page leads to its own; elsewhere none does."""
    site = SmallSite(tmp_path / "book")
    button = r'<a href="([^"]*)" title="Edit this page"'
    assert site("--strict").returncode == 0
    assert not re.search(button, site.html.read_text("utf-8"))
    assert "data-report" not in re.search("<p class=.?about-page.*?>", site.html.read_text("utf-8"))[0]
    host = {"REPO_URL": "https://example.org/book", "EDIT_URI": "edit/main/docs/"}
    assert site("--strict", env=host).returncode == 0
    found = re.search(button, site.html.read_text("utf-8"))
    assert 'data-report="https://example.org/book"' in site.html.read_text("utf-8")
    assert found[1] == f"https://example.org/book/edit/main/docs/{SNIPPET.replace('/', '-')}.md"


def test_search_suggest(tour):
    """What is typed is completed in gray, and the right arrow takes it."""
    page = tour(CHAPTER)
    field = page.get_by_role("textbox", name="Search")
    field.click()
    page.keyboard.type("perplex")
    expect(page.locator(".md-search__suggest")).to_have_text("perplexity")
    page.keyboard.press("ArrowRight")
    expect(field).to_have_value("perplexity")


def test_search_highlight(tour):
    """What was looked for is marked on the page that was found, also by one who comes by a link."""
    page = tour(CHAPTER)
    page.get_by_role("textbox", name="Search").click()
    page.keyboard.type("perplexity")
    found = page.locator(".md-search-result__item").first.locator(".md-search-result__link")
    expect(found.nth(0)).to_have_attribute("href", re.compile(r"/decoder/\?h=$"))
    expect(found.nth(1)).to_have_attribute("href", re.compile(r"/decoder/\?h=perplexity#"))
    found.nth(0).click()
    expect(page).to_have_url(re.compile(r"/decoder/\?h=perplexity$"))
    marks = page.locator(".md-content mark[data-md-highlight]")
    expect(marks.first).to_be_attached()
    assert {one.lower() for one in marks.all_text_contents()} == {"perplexity"}
    page.reload()
    expect(marks.first).to_be_attached()


def test_search_highlight_of_letters(tour):
    """top-p: the word is marked, and not every p of the page."""
    page = tour("decoding/?h=top+p")
    marks = page.locator(".md-content mark[data-md-highlight]")
    expect(marks.first).to_be_attached()
    assert {one.lower() for one in marks.all_text_contents()} == {"top"}
    page.get_by_role("textbox", name="Search").click()
    page.keyboard.type("top-p")
    # What is found for the first letters alone comes before, and goes.
    expect(page.locator(".md-search-result__link[href*='h=top+p']").first).to_be_attached()
    page.locator(".md-search-result__link").first.click()
    expect(page).to_have_url(re.compile(r"/decoding/\?h=top$"))
    expect(marks.first).to_be_attached()
    assert {one.lower() for one in marks.all_text_contents()} == {"top"}
    page = tour("decoding/?h=p")
    page.wait_for_timeout(500)
    expect(page.locator("mark[data-md-highlight]")).to_have_count(0)
