"""A mistake is reported from where it stands: by a form where the repository has one, else in words."""

import pytest
from playwright.sync_api import expect

pytest_plugins = ["browser"]


@pytest.fixture
def page(browser, site_server):
    page = browser.new_page()
    page.goto(site_server.url + "decoder/")
    yield page
    page.close()


def click(page, number: int):
    """The sign beside a heading, which shows when one points at it."""
    page.locator("h2").nth(number).locator(".headerlink").dispatch_event("click")
    return page.locator(".report")


def test_without_a_repository_it_is_words_that_need_no_network(page):
    note = click(page, 0)
    expect(note).to_have_count(1)
    expect(note).to_contain_text("Is something wrong here?")
    expect(note.locator("q")).to_contain_text("Decoder · One step · as of 20")
    assert note.locator("a").count() == 0
    click(page, 1)
    expect(note).to_have_count(1)  # one at a time
    expect(note.locator("q")).to_contain_text("Decoder · What is inside? · ")
    assert (
        page.locator("h2").nth(1).evaluate("(one) => one.nextElementSibling.className") == "report"
    )


@pytest.mark.parametrize(
    ("home", "form"),
    [
        ("https://github.com/a/b/", "https://github.com/a/b/issues/new?title=Mistake"),
        ("https://gitlab.com/a/b", "https://gitlab.com/a/b/-/issues/new?issue%5Btitle%5D=Mistake"),
    ],
)
def test_with_a_repository_it_is_a_link_to_its_form(page, home, form):
    page.locator(".about-page").evaluate("(one, home) => { one.dataset.report = home; }", home)
    link = click(page, 0).get_by_role("link", name="Report it")
    where = link.get_attribute("href")
    assert where.startswith(form) and "Decoder" in where and "One+step" in where
