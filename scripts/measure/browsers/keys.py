"""The widgets of the playground, and a page, by keys alone: found, opened and used without a mouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer

from scripts.measure.browsers import Browser, BrowserError
from scripts.measure.browsers.widgets import FIELD, PLAYGROUND, TEXTS, opened, texts, until, written


def tab_to(browser: Browser, selector: str, most: int = 60) -> None:
    """Press Tab until an element that matches has the focus.

    Raises:
        BrowserError: If it never has.
    """
    for _ in range(most):
        if browser.js("return document.activeElement.matches(arguments[0])", selector):
            return
        browser.press("Tab")
    raise BrowserError(f"{browser.name}: {most} times Tab did not reach {selector}")


def _tokenizer_by_keys(browser: Browser, box: str) -> None:
    tab_to(browser, f"{box} textarea")
    browser.press("Control+a", *"keys!")
    until(browser, f"{box} .live-pieces", "keys")


def _attention_by_keys(browser: Browser, box: str) -> None:
    tab_to(browser, f"{box} [role=gridcell]")
    browser.press("Home", "ArrowRight", "ArrowDown")
    until(browser, f"{box} .live-map", "Layer 2, head 2")


def _similarity_by_keys(browser: Browser, box: str) -> None:
    tab_to(browser, f"{box} .live-head")
    browser.press("Home", "ArrowDown", "ArrowRight", "Enter")
    until(browser, f"{box} .live-quiet", "Off: layer 1: head 1; layer 5:")


def _by_hand_by_keys(browser: Browser, box: str) -> None:
    before = texts(browser, f"{box} [data-step=weights] td")
    tab_to(browser, f"{box} input[type=number]")
    browser.press("ArrowUp")
    code = f"return (function () {{{TEXTS}}})(arguments[0]).join() !== arguments[1]"
    browser.wait(code, f"{box} [data-step=weights] td", ",".join(before))


def _bits_by_keys(browser: Browser, box: str) -> None:
    tab_to(browser, f"{box} select")
    browser.press("ArrowDown")
    until(browser, f"{box} .live-reading", "8 levels from")
    tab_to(browser, f"{box} input[aria-label='number 2']")
    browser.press("Control+a", *"5")
    until(browser, f"{box} .live-reading", "to 5.000")


def _translate_by_keys(browser: Browser, box: str) -> None:
    tab_to(browser, f"{box} textarea")
    browser.press("Control+a", *"I like cats.", "Enter")
    until(browser, f"{box} .live-translation", "Eu gosto de gatos.")
    tab_to(browser, f"{box} .live-line [role=radio][aria-checked=true]")
    browser.press("Home", "ArrowRight")
    until(browser, f"{box} .live-reading", "To write ▁gosto")


def _hear_by_keys(browser: Browser, box: str) -> None:
    until(browser, f"{box} .live-quiet", "4.0 seconds of sound")
    tab_to(browser, f"{box} .live-line [role=radio][aria-checked=true]")
    browser.press("Home", "ArrowRight")
    until(browser, f"{box} .live-reading", "To write ␣open")


def _training_by_keys(browser: Browser, box: str) -> None:
    tab_to(browser, f"{box} .live-go")
    for now in ("Pause", "Go on"):
        browser.press("Enter")
        until(browser, f"{box} .live-go", now)


def _next_token_by_keys(browser: Browser, box: str) -> None:
    tab_to(browser, f"{box} button.live-bar")
    browser.press("Home", "ArrowDown", "Enter")
    browser.wait("return document.querySelectorAll(arguments[0]).length === 1",
                 f"{box} .live-taken button")  # fmt: skip


def _lens_by_keys(browser: Browser, box: str) -> None:
    tab_to(browser, f"{box} [role=radio][aria-checked=true]")
    browser.press("Home", "ArrowRight", "ArrowRight")
    until(browser, f"{box} .live-reading", "After “␣capital”,")


def _heads_off_by_keys(browser: Browser, box: str) -> None:
    tab_to(browser, f"{box} .live-head")
    browser.press("Home", "ArrowDown", "ArrowRight", "Enter")
    until(browser, f"{box} .live-quiet", "Off: layer 1: head 1.")


def _decoding_by_keys(browser: Browser, box: str) -> None:
    tab_to(browser, browser.wait(FIELD, box, "tokens"))
    # It writes as soon as it is open. If that ends before Enter does, the focus is on "Write".
    for _ in range(12):
        if browser.js("return document.activeElement.textContent === 'Stop'"):
            browser.press("Enter")
            break
        browser.press("Tab")
    written(browser, box)
    for _ in range(12):  # back to the first field
        if browser.js("return document.activeElement.matches(arguments[0])",
                      browser.wait(FIELD, box, "tokens")):  # fmt: skip
            break
        browser.press("Shift+Tab")
    browser.press("Control+a", "3", "Enter")
    until(browser, f"{box} .live-heard", "Done.")


def _chat_by_keys(browser: Browser, box: str) -> None:
    tab_to(browser, f"{box} textarea")
    browser.press("Control+a", *"Say yes.", "Enter")
    until(browser, f"{box} .live-counter", "written: ")
    written(browser, box)


KEYS: dict[str, Callable[[Browser, str], None]] = {
    "tokenizer": _tokenizer_by_keys, "attention": _attention_by_keys, "similarity": _similarity_by_keys,
    "by_hand": _by_hand_by_keys, "bits": _bits_by_keys,
    "translate": _translate_by_keys, "hear": _hear_by_keys, "training": _training_by_keys, "next_token": _next_token_by_keys,
    "lens": _lens_by_keys, "heads_off": _heads_off_by_keys,
    "decoding": _decoding_by_keys, "chat": _chat_by_keys,
}  # fmt: skip
NEAR = """
const box = document.querySelector(arguments[0]);
const links = [...document.querySelectorAll("article a.headerlink")].filter((link) =>
  link.compareDocumentPosition(box) & Node.DOCUMENT_POSITION_FOLLOWING);
links.at(-1).focus();
"""


def by_keys(
    browser: Browser, server: ThreadingHTTPServer, names: tuple[str, ...] = tuple(KEYS)
) -> Iterator[str]:
    """Each widget found, opened and used without a mouse, from the heading above it."""
    browser.size(1280, 800)
    browser.open(server.url + PLAYGROUND)
    for name in names:
        box = f"[data-live={name}]"
        try:
            browser.js(NEAR, box)
            tab_to(browser, f"{box} .live-open")
            browser.press("Enter")
            opened(browser, box)
            browser.wait("return document.activeElement.matches(arguments[0])",
                         f"{box} .live-widget")  # fmt: skip
            KEYS[name](browser, box)
        except BrowserError as error:
            yield f"{name} by keys: {error}"


def past_the_search(browser: Browser, server: ThreadingHTTPServer, page: str = "") -> Iterator[str]:
    """Tab leads from the top of a page through the search box to its text."""
    browser.size(1280, 800)
    browser.open(server.url + page)
    try:
        tab_to(browser, ".md-search__input")
        browser.press("Tab")
        browser.wait("return !document.activeElement.matches('.md-search__input')")
        tab_to(browser, "article a[href]", most=120)
    except BrowserError as error:
        yield f"{page or '(first)'}: {error}"
