"""What several tests of the built site need."""

import pytest

from scripts.base import ROOT, node
from scripts.measure import audit


@pytest.fixture
def cache(tmp_path):
    """An empty cache, but for the packages of Node, which need not be fetched again."""
    packages, folder = node.installed(ROOT / ".cache" / "styles").parent, tmp_path / "cache"
    folder.mkdir()
    (folder / packages.name).symlink_to(packages)
    return folder


@pytest.fixture(scope="module")
def asked(browser, site_server):
    """asked(360, EMPTY, "glossary/") → what the pages (all, if none is named) answer, each with its name."""

    def ask(wide: int, script: str, *pages: str) -> list:
        context = browser.new_context(viewport={"width": wide, "height": 780})
        page, found = context.new_page(), []
        for name in pages or audit.addresses(audit.SITE):
            page.goto(site_server.url + name)
            page.add_style_tag(content=audit.ALL)
            page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
            page.evaluate("document.fonts.ready")
            found += [(name, one) for one in page.evaluate(script)]
        context.close()
        return found

    return ask
