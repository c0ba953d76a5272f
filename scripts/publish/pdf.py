"""All pages of the built site, or some, as a book to print: cover, contents, page numbers.

    python -m scripts pdf                       the whole book
    python -m scripts pdf decoder encoder       these chapters
    python -m scripts pdf --no-answers decoder  a handout: questions and exercises without answers

It lies in .cache afterwards. Chromium prints it, twice: the second time with the numbers of the
pages on which the chapters have come to lie. Build the site first: mkdocs build.
"""

from __future__ import annotations

import html
import posixpath
import re
import threading
from collections.abc import Iterable
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click

from scripts.base import BookError
from scripts.base.files import put
from scripts.measure import audit
from scripts.measure.browsers.chromium import opened
from scripts.publish.zip import LINK, into_file

ANCHOR = re.compile(r'(\b(?:id|for|name|aria-labelledby|aria-describedby)=")([^"]+)(")')
DRAWN = re.compile(r"url\(#([^)]+)\)")
ARTICLE = re.compile(r"<article[^>]*>(.*)</article>", re.S)
HEAD = re.compile(r"<head>.*</head>", re.S)
NEXT = re.compile(r'<a href="([^"]+)" class="md-footer__link md-footer__link--next"')
BODY = re.compile(r"<body[^>]*>")
TITLE = re.compile(r"<h1[^>]*>(.*?)(?:<a class=\"headerlink|</h1>)", re.S)
PART = re.compile(r'<p class="part">(.*?)</p>')
LEAD = re.compile(r'<p class="lead">(.*?)</p>', re.S)
STYLE = """
@page { size: A4; margin: 20mm 20mm 22mm;
  @bottom-center { content: counter(page); font: 9pt "DejaVu Sans", sans-serif; color: #5f6b79 } }
@page :first { @bottom-center { content: none } }
body { background: #fff }
.one-of-all { break-before: page; --paper: #fff }
.one-of-all :is(details.numbers, .about-page, .first-cell)
  { display: none }
.cover { height: 245mm; display: flex; flex-direction: column; justify-content: center }
.cover h1 { font-size: 34pt; margin: 0 0 8mm }
.cover .imprint { margin-top: auto; font-size: 9pt }
.contents { break-before: page }
.contents ol { list-style: none; margin: 0; padding: 0 }
.contents li { display: flex; margin: 0 0 1mm; gap: 2mm; break-inside: avoid }
.contents li::before { content: ""; order: 1; flex: 1; border-bottom: 1px dotted; margin-bottom: 1.4mm }
.contents li b { order: 2; min-width: 10mm; text-align: right; font-weight: normal }
.contents p { margin: 3mm 0 1mm; font-weight: bold; break-after: avoid }
"""
# In the page, before it is printed: all that is folded is open, and answers go if they must.
PREPARE = """(answers) => {
  for (const one of document.querySelectorAll("details.cell:first-of-type"))
    if (one.textContent.includes("Run this cell first")) one.classList.add("first-cell");
  if (!answers) {
    for (const one of document.querySelectorAll("details.answer, details.success")) one.remove();
    for (const one of document.querySelectorAll("details.hint"))
      if (one.querySelector("summary").textContent.trim() === "Solution") one.remove();
  }
  // A link to what is not in the book leads to the site, if that has an address.
  const home = document.querySelector("link[rel=canonical]")?.href;
  for (const one of document.querySelectorAll("a[href]:not([href^='#'])"))
    if (one.origin === location.origin)
      home ? one.href = new URL(one.pathname.slice(1) + one.hash, home) : one.removeAttribute("href");
  for (const one of document.querySelectorAll("details")) one.open = true;
  for (const one of document.querySelectorAll("img")) one.loading = "eager";
  return Promise.all([...document.images].map((one) => one.decode().catch(() => {})));
}"""


def in_order(site: Path) -> list[str]:
    """The addresses of the pages, as the book goes from one to the next."""
    pages = [""]
    while found := NEXT.search((site / pages[-1] / "index.html").read_text("utf-8")):
        place = posixpath.normpath(posixpath.join(pages[-1], found[1]))
        pages.append("" if place == "." else f"{place}/")
    return pages


def chosen(pages: list[str], names: Iterable[str]) -> list[str]:
    """The pages of these names, in the order of the book; without names all."""
    wanted = {f"{name.strip('/').removesuffix('.md')}/" if name != "index" else "" for name in names}
    if unknown := wanted - set(pages):
        there = ", ".join(page.strip("/") or "index" for page in pages)
        raise BookError(f"there is no page {', '.join(sorted(unknown))[:-1]}; there are {there}")
    return [page for page in pages if page in wanted] if wanted else pages


def one_page(site: Path, pages: list[str] | None = None, at: dict[str, int] | None = None) -> str:
    """Cover, contents and pages as one, with links between them as links inside it.

    It lies at the root.

    Args:
        pages: their addresses; all by default.
        at: the sheets on which they begin, by the ids of their parts.
    """
    pages = in_order(site) if pages is None else pages
    first = (site / "index.html").read_text("utf-8")

    def part(page: str) -> str:
        here = _id(page)
        text = ARTICLE.search((site / page / "index.html").read_text("utf-8"))[1]

        def lead(found: re.Match) -> str:
            parts = urlsplit(found[2])
            if parts.scheme or parts.netloc:
                return found[0]
            place = posixpath.normpath(posixpath.join(page or ".", unquote(parts.path)))
            to = page if not parts.path else "" if place == "." else f"{place}/"
            if to not in pages:
                return f"{found[1]}{place}{found[3]}"
            there = _id(to)
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
        f"{BODY.search(first)[0]}{_cover(first)}{_contents(site, pages, at or {})}{body}</body></html>"
    )


def _cover(first: str) -> str:
    """The first sheet: what book this is, and of which state, as its first page says."""
    title = html.escape(re.sub("<[^>]*>", "", TITLE.search(first)[1]).strip())
    lead = LEAD.search(first)
    about = re.search(r'<p class="about-page"[^>]*>(.*?)</p>', first, re.S)
    state = re.search(r"<time[^>]*>(.*?)</time>", about[1]) if about else None
    license = re.search(r'<div class="md-copyright__highlight">(.*?)</div>', first, re.S)
    said = [f"As of {state[1]}." if state else "", license[1].strip() if license else ""]
    return (
        f'<section class="md-typeset cover"><h1>{title}</h1><p>{lead[1] if lead else ""}</p>'
        f'<p class="imprint">{" ".join(filter(None, said))}</p></section>'
    )


def _contents(site: Path, pages: list[str], at: dict[str, int]) -> str:
    """The chapters by their parts, each with the sheet on which it begins."""
    rows, before = [], ""
    for page in pages:
        text = (site / page / "index.html").read_text("utf-8")
        part = found[1] if (found := PART.search(text)) else ""
        if part and part != before:
            rows.append(f"</ol><p>{part}</p><ol>")
        before, here = part, _id(page)
        title = re.sub("<[^>]*>", "", TITLE.search(text)[1]).strip()
        rows.append(f'<li><a href="#{here}">{title}</a><b>{at.get(here, "")}</b></li>')
    return f'<nav class="md-typeset contents"><h1>Contents</h1><ol>{"".join(rows)}</ol></nav>'


def _id(page: str) -> str:
    """The id of a page's part in the book."""
    return page.strip("/").replace("/", "-") or "first"


def sheets(data: bytes) -> dict[str, int]:
    """Where each place of a PDF lies to which a link in it leads: id → sheet, from 1.

    Reads what Chromium writes: its objects stand there as text, but what is drawn.
    """
    said = dict(re.findall(rb"\n(\d+) 0 obj\n<<(/Type /Pages?\n.*?)\nendobj", data, re.S))
    root = re.search(rb"/Type /Catalog\n.*?/Pages (\d+) 0 R", data, re.S)
    order: list[bytes] = []

    def walk(number: bytes) -> None:
        if kids := re.search(rb"/Kids \[(.*?)\]", said[number], re.S):
            for one in re.findall(rb"(\d+) 0 R", kids[1]):
                walk(one)
        else:
            order.append(number)

    walk(root[1])
    place = {number: sheet for sheet, number in enumerate(order, 1)}
    found = re.findall(rb"/([^\s/\[\]]+) \[(\d+) 0 R /XYZ", data)
    return {name.decode(): place[number] for name, number in found if number in place}


def make_pdf(
    site: Path, into: Path, pages: list[str] | None = None, answers: bool = True
) -> None:
    """Print pages to one PDF, with an outline of its headings.

    Args:
        pages: their addresses; all by default.
        answers: whether those to questions and exercises, and the labs' solutions, are in it.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), audit.Compressed)
    audit.Compressed.site = site
    threading.Thread(target=server.serve_forever, daemon=True).start()
    whole = site / "all.html"
    try:
        with opened() as browser:
            page = browser.new_page(reduced_motion="reduce")
            data = b""
            for _ in range(2):
                whole.write_text(one_page(site, pages, sheets(data) if data else None), "utf-8")
                page.goto(f"http://127.0.0.1:{server.server_port}/all.html", wait_until="load")
                page.evaluate(PREPARE, answers)
                data = page.pdf(
                    outline=True, tagged=True, print_background=True, prefer_css_page_size=True
                )
    finally:
        whole.unlink(missing_ok=True)
        server.shutdown()
    put(into, data)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--answers/--no-answers", default=True, help="Leave out answers and solutions.")
def main(names: tuple[str, ...], answers: bool) -> None:
    """Print the built site as a book, all or the chapters NAMES; needs Chromium."""

    def make(site: Path, into: Path) -> None:
        make_pdf(site, into, chosen(in_order(site), names), answers)

    into_file("pdf", make, "-".join([*(n.replace("/", "-") for n in names), *["handout"] * (not answers)]))
