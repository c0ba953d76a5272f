"""A real browser, as fixtures: on bare pages, each with one widget and nothing else, and on
the site as it is published.

The pages have a policy that allows no other host. Bare pages need no inline script and no
inline style either; what the site needs stands in `scripts/measure/browsers/serving.py`. Whatever breaks
the policy, fails, or asks for a file outside the site makes the test fail, whatever else it was
about.
"""

import html
import os
import re
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from scripts.base import ROOT
from scripts.measure import axe as axe_core
from scripts.measure.browsers.chromium import installed
from scripts.measure.browsers.serving import SITE, Published, Quiet, serving

# Milliseconds, far more than all of it takes on a slow and busy machine: no test measures a time.
PATIENCE = 180_000
POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"
PLAIN = "default-src 'self'; script-src 'self'"  # WebAssembly is refused
# The sheets of the book in their order, from the root of the site.
SHEETS = re.findall(r"- (assets/\S+\.css)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.M)
LINKS = "\n".join(f'<link rel="stylesheet" href="/{sheet}">' for sheet in SHEETS)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A widget</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
{links}
<link rel="stylesheet" href="root.css">
<script src="assets/early.js"></script>
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
    "translate": "cross_attention/from_scratch",
    "hear": "cross_attention/speech",
    "lens": "inside/lens",
    "heads_off": "inside/heads_off",
    "similarity": "inside/heads_off",
    "bits": "smaller/block",
    "training": "from_scratch/train",
}


@pytest.fixture(scope="session")
def browser():
    """Chromium. Where CI runs, a missing browser is a failure, never a test left out."""
    path = installed()
    if not path and not os.environ.get("CI"):
        pytest.skip("no chromium on this machine: the widgets are not tested here")
    assert path, "no chromium on this machine: the widgets cannot be tested without it"
    expect.set_options(timeout=PATIENCE)
    quiet = ["--disable-background-networking", "--disable-component-update"]
    quiet += ["--js-flags=--expose-gc"]  # gc() in a page: what is kept is told from what is not yet swept
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", *quiet]
        )


@pytest.fixture(scope="session")
def server(built):
    """The files of the built site, and a page for each widget."""

    class Bare(Quiet):
        policy = POLICY

        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(SITE))

        def do_GET(self):
            name = urlsplit(self.path).path.strip("/")
            if name == "root.css":
                self.answer("text/css", "html { font-size: 125% }")  # the theme's
            elif name in FIGURES:
                words = parse_qs(urlsplit(self.path).query)
                data = {"data-live": [name]} | {k: v for k, v in words.items() if "data-" in k}
                pairs = " ".join(f'{k}="{html.escape(v[0])}"' for k, v in data.items())
                self.answer("text/html", PAGE.format(links=LINKS, attributes=pairs, figure=FIGURES[name]))
            else:
                super().do_GET()

    with serving(Bare) as httpd:
        yield httpd


@pytest.fixture(scope="session")
def built(book):
    """The site as the README builds it, made again if what it is made from is younger."""
    folders = ("docs", "snippets", "scripts", ".cache/snippets", ".cache/live", ".cache/labs")
    sources = [path for name in folders for path in (ROOT / name).rglob("*.*")
               if path.is_file() and path.suffix != ".pyc"]  # fmt: skip
    made = SITE / "index.html"
    newest = max(path.stat().st_mtime for path in [ROOT / "mkdocs.yml", *sources])
    if not made.exists() or made.stat().st_mtime < newest:
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def site_server(built):
    """The site as it is published."""
    with serving(Published) as httpd:
        yield httpd


@pytest.fixture(scope="session")
def violations():
    """violations(page, "main") → what keeps readers out of that part, as axe-core sees it."""
    axe = axe_core.source()
    check = """inside => axe.run(inside, {resultTypes: ["violations"]}).then(({violations}) =>
        violations.flatMap(({id, nodes}) => nodes.map(({target, failureSummary}) =>
            `${id}: ${target.join(" ")}: ${failureSummary}`)))"""

    def find(page, inside: str = "html") -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(axe)
        return page.evaluate(check, inside)

    return find


def _visit(browser, server):
    """visit("tokenizer") → the page with its widget; asserts at the end that all was well."""
    contexts, faults = [], []

    def go(name: str, query: str = "", phone: bool = False, expected: str = "", **context):
        sizes = {"width": 360, "height": 780} if phone else {"width": 1280, "height": 900}
        made = browser.new_context(
            viewport=sizes, has_touch=phone, reduced_motion="reduce", **context
        )
        contexts.append(made)
        made.set_default_timeout(PATIENCE)
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


@pytest.fixture
def tour(browser, site_server):
    """tour("playground/") → that page of the site, as `visit` does it for bare pages."""
    yield from _visit(browser, site_server)


@pytest.fixture(scope="module")
def tour_stay(browser, site_server):
    """The same for a page that several tests use."""
    yield from _visit(browser, site_server)


# The theme's script for the search in a worker of its own: searched(words) → for each word the
# addresses that it finds, from the root of the site, the best page first.
ASK = """async (words) => {
  const {base, search} = JSON.parse(document.getElementById("__config").textContent);
  const index = await (await fetch(new URL("search/search_index.json", new URL(base, location)))).json();
  const worker = new Worker(new URL(search, location));
  const send = (type, data) => new Promise((done) => {
    worker.onmessage = ({data}) => done(data.data);
    worker.postMessage({type, data});
  });
  await send(0, {...index, options: {suggest: true}});
  const found = {};
  for (const word of words) {
    const {items} = await send(2, word);
    found[word] = items.map((sections) => sections.map(({location}) => location.split("#")[0])[0]);
  }
  worker.terminate();
  return found;
}"""


@pytest.fixture(scope="module")
def searched(tour_stay):
    """searched(["top-p"]) → for each word the pages found, the best first."""
    page = tour_stay("")
    return lambda words: page.evaluate(ASK, list(words))


def opened(page):
    """The same page with its widget open."""
    page.button.click()
    expect(page.widget).to_be_visible()
    return page


def becomes(page, read, wanted) -> None:
    """Assert that what is read from the page becomes what is wanted: it may take its time."""
    for _ in range(PATIENCE // 100):
        if (now := read()) == wanted:
            return
        page.wait_for_timeout(100)
    assert now == wanted


# Looked for after each change of the page, and so before a fast model has written all of it.
STOP = """(box) => new MutationObserver((_, observer) => {
  if (![...box.querySelectorAll(".live-counter")].at(-1)?.textContent.includes("written: ")) return;
  observer.disconnect();
  [...box.querySelectorAll("button")].find((one) => one.textContent === "Stop").click();
}).observe(box, {childList: true, subtree: true, characterData: true})"""


def send_and_stop(box) -> None:
    """Send the message of a chat, and stop the answer at its first words."""
    box.evaluate(STOP)
    box.get_by_role("button", name="Send").click()
    expect(box.locator(".live-counter").last).to_contain_text("· stopped")


def tab_to(page, target, most: int = 40) -> None:
    """Press Tab until the target has the focus."""
    for _ in range(most):
        if target.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{most} times Tab did not reach {target}")
