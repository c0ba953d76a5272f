"""A real browser on bare pages, each with one widget and nothing else, as fixtures.

The pages have a policy that allows no inline script, no inline style and no other host.
Whatever breaks the policy, fails, or asks for a file outside the site makes the test fail,
whatever else it was about.
"""

import html
import os
import shutil
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from scripts import live
from scripts.runner import ROOT

POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"
PLAIN = "default-src 'self'; script-src 'self'"  # WebAssembly is refused
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A widget</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="assets/book.css">
<link rel="stylesheet" href="assets/live/live.css"><link rel="stylesheet" href="root.css">
<script type="module" src="assets/live/start.js"></script></head>
<body class="md-typeset" data-md-color-scheme="default"><main><h1>A widget</h1>
<div class="live" {attributes}><figure class="computed" id="the-figure">
<img alt="The executed figure" src="figures/{figure}.svg"></figure></div></main></body></html>"""
FIGURES = {
    "attention": "index/taste",
    "by_hand": "self_attention/equation",
    "tokenizer": "index/taste",
    "next_token": "decoding/next_token",
    "decoding": "decoding/beam_tree",
    "chat": "sequence_problems/asked_written",
}


@pytest.fixture(scope="session")
def browser():
    """Chromium. Where CI runs, a missing browser is a failure, never a test left out."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if not path and not os.environ.get("CI"):
        pytest.skip("no chromium on this machine: the widgets are not tested here")
    assert path, "no chromium on this machine: the widgets cannot be tested without it"
    expect.set_options(timeout=15_000)  # on a busy machine all takes its time
    quiet = ["--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", *quiet]
        )


@pytest.fixture(scope="session")
def server(book):
    """The book's files as the site has them, and a page for each widget."""
    made = live.make(ROOT)

    class Site(SimpleHTTPRequestHandler):
        policy = POLICY

        def translate_path(self, path: str) -> str:
            path = urlsplit(path).path.lstrip("/")
            if path.startswith("figures/"):
                return str(book.figure(path.removeprefix("figures/").removesuffix(".svg")))
            ours = ROOT / "docs" / path
            return str(ours if ours.exists() else made / path.removeprefix("assets/live/"))

        def do_GET(self):
            name = urlsplit(self.path).path.strip("/")
            if name == "root.css":
                self.answer("text/css", "html { font-size: 125% }")  # the theme's
            elif name in FIGURES:
                words = parse_qs(urlsplit(self.path).query)
                data = {"data-live": [name]} | {k: v for k, v in words.items() if "data-" in k}
                pairs = " ".join(f'{k}="{html.escape(v[0])}"' for k, v in data.items())
                page = PAGE.format(attributes=pairs, figure=FIGURES[name])
                if "two" in words:
                    page = page.replace("</main>", f'<div class="live" {pairs}></div></main>')
                self.answer("text/html", page)
            else:
                super().do_GET()

        def answer(self, kind: str, text: str):
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def end_headers(self):
            self.send_header("Content-Security-Policy", Site.policy)
            super().end_headers()

        def log_message(self, *_):
            pass

    Site.extensions_map = Site.extensions_map | {".mjs": "text/javascript"}
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    httpd.site, httpd.url = Site, f"http://127.0.0.1:{httpd.server_port}/"
    yield httpd
    httpd.shutdown()


def _visit(browser, server):
    """visit("tokenizer") → the page with its widget; asserts at the end that all was well."""
    contexts, faults = [], []

    def go(name: str, query: str = "", phone: bool = False, expected: str = "", **context):
        sizes = {"width": 360, "height": 780} if phone else {"width": 1280, "height": 900}
        made = browser.new_context(
            viewport=sizes, has_touch=phone, reduced_motion="reduce", **context
        )
        contexts.append(made)
        page = made.new_page()

        def refuse(route):
            faults.append(f"asked for {route.request.url}")
            route.abort()

        def heard(message):
            if message.type == "error" and not (expected and expected in message.text):
                faults.append(message.text)

        page.asked = []
        page.route(lambda url: not url.startswith((server.url, "blob:")), refuse)
        page.on("request", lambda asked: page.asked.append(asked.url.removeprefix(server.url)))
        page.on("console", heard)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"{server.url}{name}{query}")
        page.button = page.locator(".live-open").first
        page.widget = page.locator(".live-widget").first
        expect(page.button).to_be_visible()
        return page

    yield go
    for context in contexts:
        context.close()
    assert not faults


visit = pytest.fixture(_visit)
stay = pytest.fixture(_visit, scope="module")  # the same for pages that several tests use


def opened(page):
    """The same page with its widget open."""
    page.button.click()
    expect(page.widget).to_be_visible()
    return page


def tab_to(page, target, most: int = 40) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(most):
        if target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{most} times Tab did not reach {target}")
