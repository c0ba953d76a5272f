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
    """asked([360, 1280], SCRIPT, "glossary/") → width → what the pages (all, if none is named)
    answer, each with its name. One visit to a page serves all widths."""

    def ask(widths: list[int], script: str, *pages: str) -> dict[int, list]:
        context = browser.new_context(viewport={"width": widths[0], "height": 780})
        page, found = context.new_page(), {wide: [] for wide in widths}
        for name in pages or audit.addresses(audit.SITE):
            page.set_viewport_size({"width": widths[0], "height": 780})
            page.goto(site_server.url + name)
            page.add_style_tag(content=audit.ALL)
            page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
            for wide in widths:
                page.set_viewport_size({"width": wide, "height": 780})
                page.evaluate("document.fonts.ready")
                found[wide] += [(name, one) for one in page.evaluate(script)]
        context.close()
        return found

    return ask
