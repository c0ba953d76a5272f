"""The search box: each term of the glossary leads to the page that teaches it."""

import re

import pytest

from scripts.runner import ROOT

pytest_plugins = ["browser"]

TERM = re.compile(r"^### (.+)\n(?:[^#\n].*\n)*?→ \[[^\]]+\]\(([\w-]+)\.md", re.M)
# Types each word as a reader does, and waits until the list has not changed for a moment. The
# list grows by ten pages each time its end comes into sight.
ASK = """async (terms) => {
  const box = document.querySelector("[data-md-component=search-query]");
  const list = document.querySelector(".md-search-result__list");
  const scroll = document.querySelector(".md-search__scrollwrap");
  const settled = () => new Promise((done) => {
    let last = setTimeout(done, 250);
    new MutationObserver(() => { clearTimeout(last); last = setTimeout(done, 40); })
      .observe(list, {childList: true});
  });
  const found = {};
  const places = () => [...list.children].map((one) =>
    one.querySelector("a").pathname.replaceAll("/", ""));
  for (const [term, taught] of Object.entries(terms)) {
    box.value = term;
    box.dispatchEvent(new KeyboardEvent("keyup", {bubbles: true}));
    await settled();
    for (let seen = 0; !places().includes(taught) && seen !== list.children.length;) {
      seen = list.children.length;
      scroll.scrollTo(0, 0);  // only a change of place is noticed
      await new Promise((done) => setTimeout(done, 30));
      scroll.scrollTo(0, scroll.scrollHeight);
      await settled();
    }
    found[term] = places().indexOf(taught);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def terms() -> dict[str, str]:
    """Each term of the glossary → the page that teaches it."""
    text = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    found = dict(TERM.findall(text))
    assert len(found) == text.count("\n### "), "a term that leads nowhere"
    return found


def test_each_term_is_found_where_it_is_taught(tour_stay, terms):
    page = tour_stay("")
    page.get_by_role("textbox", name="Search").focus()
    page.get_by_role("textbox", name="Search").press_sequentially("token")
    page.wait_for_selector(".md-search-result__link")
    rank = page.evaluate(ASK, terms)
    unfound = [term for term in terms if rank[term] < 0]
    assert not unfound, f"not found where they are taught: {unfound}"
    deep = [term for term in terms if rank[term] >= 10]
    assert len(deep) <= 0.1 * len(terms), f"a reader has to scroll for {deep}"
