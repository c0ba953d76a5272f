"""What a screen reader is told: the names of formulas, figures and the parts of widgets."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from typing import NamedTuple

from scripts.measure import audit
from scripts.measure.browsers import Browser
from scripts.measure.browsers.looking import ALL
from scripts.measure.browsers.widgets import PLAYGROUND, opened

CONTROLS = "button, a, summary, input, select, textarea, [role=radio], [role=tab], [role=gridcell]"
KINDS = {
    "formula": "article math",
    "figure": "article :is(svg[role=img], img)",
    "control": f".live-widget :is({CONTROLS}), .live-open, .question :is({CONTROLS})",
}
# Marks those that a reader meets, and says for each what its own text is.
MARK = """
const [kind, selector] = arguments;
return [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility() &&
    !one.closest("[aria-hidden=true]")).map((one) => {
  one.setAttribute("data-kind-of-name", kind);
  if (kind === "formula") return [...one.querySelectorAll("mi, mn, mo, mtext")]
    .map((part) => part.textContent.trim()).filter(Boolean).join(" ");
  return one.getAttribute("aria-label") ?? one.getAttribute("alt") ?? "";
});
"""
RAW = re.compile(r"\\[a-zA-Z,!;:]|[_^]")  # a formula as it is typed, not as it is read


class Named(NamedTuple):
    """A row of the table: where, what it is, its role and its name; for a formula without a
    name what stands in it, which is read part by part; and what was promised."""

    page: str
    kind: str
    role: str
    name: str
    promised: str


def names(browser: Browser, server: ThreadingHTTPServer, page: str) -> Iterator[Named]:
    """Every formula, figure and control of a page, with all its widgets open.

    Only on the playground are widgets opened: they are the same elsewhere.
    """
    browser.size(1280, 800)
    browser.open(server.url + page)
    if page == PLAYGROUND:
        boxes = browser.js("return [...document.querySelectorAll('.live')].map((x) => x.dataset.live)")
        for box in boxes:
            browser.click(f"[data-live={box}] .live-open")
            opened(browser, f"[data-live={box}]")
    browser.js(ALL, audit.ALL)
    for kind, selector in KINDS.items():
        for _ in range(60):  # a widget may still be writing
            promised = browser.js(MARK, kind, selector)
            told = browser.named(f"[data-kind-of-name={kind}]")
            if browser.js(MARK, kind, selector) == promised:
                break
            time.sleep(1)
        assert len(told) == len(promised), f"{page}: {kind}: the page changes while it is read"
        for (role, name), own in zip(told, promised):
            name = " ".join(name.split())
            yield Named(page, kind, role, name or (own if kind == "formula" else ""), own)


def unnamed(row: Named) -> str:
    """What is wrong with a row, or ""."""
    where = f"{row.page or '(first)'}: a {row.kind} ({row.role})"
    if not row.name:
        return f"{where} has no name: {row.promised}"
    if row.kind == "formula" and RAW.search(row.name):
        return f"{where} is read as it was typed: {row.name}"
    if row.kind == "formula" and "math" not in row.role.lower():
        return f"{where} is no formula: {row.name}"
    if row.kind == "figure" and row.promised and row.name != " ".join(row.promised.split()):
        return f"{where} is not read as its alt text: {row.name}"
    return ""
