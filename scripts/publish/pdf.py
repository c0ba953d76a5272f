"""All pages of the built site, one after the other, as printed.

    python -m scripts pdf       .cache/the_executable_transformer.pdf, with chromium

Build the site first: mkdocs build.
"""

from __future__ import annotations

import posixpath
import re
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click

from scripts.base.files import put
from scripts.measure import audit
from scripts.publish.zip import LINK, into_file

ANCHOR = re.compile(r'(\b(?:id|for|name|aria-labelledby|aria-describedby)=")([^"]+)(")')
DRAWN = re.compile(r"url\(#([^)]+)\)")
ARTICLE = re.compile(r"<article[^>]*>(.*)</article>", re.S)
HEAD = re.compile(r"<head>.*</head>", re.S)
NEXT = re.compile(r'<a href="([^"]+)" class="md-footer__link md-footer__link--next"')
STYLE = """.one-of-all { break-before: page; --paper: #fff } .one-of-all:first-of-type
{ break-before: auto } body { background: #fff } .one-of-all details.numbers { display: none }"""


def in_order(site: Path) -> list[str]:
    """The addresses of the pages, as the book goes from one to the next."""
    pages = [""]
    while found := NEXT.search((site / pages[-1] / "index.html").read_text("utf-8")):
        place = posixpath.normpath(posixpath.join(pages[-1], found[1]))
        pages.append("" if place == "." else f"{place}/")
    return pages


def one_page(site: Path) -> str:
    """All pages as one, with links between them as links inside it. It lies at the root."""
    pages = in_order(site)
    first = (site / "index.html").read_text("utf-8")

    def part(page: str) -> str:
        here = page.strip("/").replace("/", "-") or "first"
        text = ARTICLE.search((site / page / "index.html").read_text("utf-8"))[1]

        def lead(found: re.Match) -> str:
            parts = urlsplit(found[2])
            if parts.scheme or parts.netloc:
                return found[0]
            place = posixpath.normpath(posixpath.join(page or ".", unquote(parts.path)))
            to = page if not parts.path else "" if place == "." else f"{place}/"
            if to not in pages:
                return f"{found[1]}{place}{found[3]}"
            there = to.strip("/").replace("/", "-") or "first"
            words = parts.fragment.split(":~:")[0]
            return f"{found[1]}#{there}{'--' + words if words else ''}{found[3]}"

        def name(found: re.Match) -> str:
            names = " ".join(f"{here}--{one}" for one in found[2].split())
            return found[1] + names + found[3]

        text = DRAWN.sub(rf"url(#{here}--\1)", LINK.sub(lead, ANCHOR.sub(name, text)))
        text = re.sub(r'(<use [^>]*?href="#)(?!' + re.escape(here) + "--)", rf"\1{here}--", text)
        return f'<section class="md-typeset one-of-all" id="{here}">{text}</section>'

    head = HEAD.search(first)[0]
    body = "\n".join(map(part, pages))
    style = f"<style>{STYLE}</style>"
    return (
        f'<!doctype html><html lang="en">{head.replace("</head>", style + "</head>")}'
        f'<body data-md-color-scheme="default">{body}</body></html>'
    )


def make_pdf(site: Path, into: Path) -> None:
    """Print all pages to one PDF, with an outline of its headings."""
    from playwright.sync_api import sync_playwright

    server = ThreadingHTTPServer(("127.0.0.1", 0), audit.Compressed)
    audit.Compressed.site = site
    threading.Thread(target=server.serve_forever, daemon=True).start()
    whole = site / "all.html"
    whole.write_text(one_page(site), "utf-8")
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=audit.chromium(), args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(reduced_motion="reduce")
            page.goto(f"http://127.0.0.1:{server.server_port}/all.html", wait_until="load")
            page.evaluate("""() => {
                for (const one of document.querySelectorAll("details")) one.open = true;
                for (const one of document.querySelectorAll("img")) one.loading = "eager";
                return Promise.all([...document.images].map((one) => one.decode().catch(() => {})));
            }""")
            data = page.pdf(
                format="A4", outline=True, tagged=True, print_background=True,
                margin={side: "18mm" for side in ("top", "bottom", "left", "right")},
            )  # fmt: skip
            browser.close()
    finally:
        whole.unlink()
        server.shutdown()
    put(into, data)


@click.command()
def main() -> None:
    """Print all pages of the built site into one PDF, with an outline; needs Chromium."""
    into_file("pdf", make_pdf)
