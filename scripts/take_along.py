"""The whole book as one file, from the built site: a zip to open anywhere, or a PDF.

    python scripts/take_along.py zip       .cache/the_executable_transformer.zip
    python scripts/take_along.py pdf       .cache/the_executable_transformer.pdf, with chromium

Build the site first: mkdocs build. In the zip, index.html opens from a folder, without a server
and without a network; the search and the questions work there too. The models in the pages need
a server, which the zip's own note tells how to start; all their bytes are inside. The PDF is
every page, one after the other, as printed.
"""

from __future__ import annotations

import argparse
import json
import posixpath
import re
import sys
import threading
import zipfile
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts import audit, console  # noqa: E402
from scripts.exclusive import put  # noqa: E402

SITE = ROOT / "site"
FOLDER = ROOT / "scripts" / "folder.js"
NAME = "the_executable_transformer"
LINK = re.compile(r'(\b(?:href|src)=")([^"]*)(")')
ANCHOR = re.compile(r'(\b(?:id|for|name|aria-labelledby|aria-describedby)=")([^"]+)(")')
DRAWN = re.compile(r"url\(#([^)]+)\)")
ARTICLE = re.compile(r"<article[^>]*>(.*)</article>", re.S)
HEAD = re.compile(r"<head>.*</head>", re.S)
NEXT = re.compile(r'<a href="([^"]+)" class="md-footer__link md-footer__link--next"')
STYLE = """.one-of-all { break-before: page; --paper: #fff } .one-of-all:first-of-type
{ break-before: auto } body { background: #fff } .one-of-all details.numbers { display: none }"""
WHEN = (1980, 1, 1, 0, 0, 0)  # of every file in the zip: the same bytes each time
# In the zip. A page from a folder may run scripts, but no modules and no worker.
BUNDLE = re.compile(r'<script src="([^"]*assets/)javascripts/bundle')
QUESTIONS = re.compile(r'(<script src="[^"]*assets/questions\.js") type="module"')
NOTE = """The Executable Transformer

Open index.html to read. A browser lets pages from a folder do little: for the models in the pages
and to save a figure as PNG, start a server in this folder, with Python or any other, and open the
address that it prints:

    python3 -m http.server

Firefox keeps light or dark, and what you have answered, for each page of a folder alone. With a
server it keeps them for the whole book.
"""


def opened_from_a_folder(text: str, page: str, site: Path) -> str:
    """A page whose links lead to files, and whose scripts run without a server.

    To a server a folder is a page; without one, the page is the folder's index.html.

    Args:
        page: its address from the root of the site: "", "decoding/".
    """

    def lead(found: re.Match) -> str:
        parts = urlsplit(found[2])
        if parts.scheme or parts.netloc or not parts.path:
            return found[0]
        if not (site / page / unquote(parts.path)).is_dir():
            return found[0]
        path = posixpath.join(parts.path, "index.html")
        return found[1] + parts._replace(path=path).geturl() + found[3]

    text = BUNDLE.sub(r'<script src="\1folder.js"></script>\g<0>', LINK.sub(lead, text))
    return QUESTIONS.sub(r"\1 defer", text)


def without_module(program: str) -> str:
    """A module that imports nothing, as a plain script."""
    program = program.replace("import.meta.url", "document.currentScript.src")
    program = re.sub(r"^export ", "", program, flags=re.M)
    return f'(() => {{\n"use strict";\n{program}}})();\n'


def index_as_script(index: str) -> str:
    """The search's index, as the theme reads it where nothing can be fetched."""
    found = json.loads(index)
    for one in found["docs"]:
        page, mark, place = one["location"].partition("#")
        one["location"] = f"{page}index.html{mark}{place}"
    return f"var __index = {json.dumps(found, ensure_ascii=False)};\n"


def make_zip(site: Path, into: Path) -> None:
    """Every file of the site in one archive, in the order of their names.

    But 404.html: a folder has nobody who could answer with it.
    """
    into.parent.mkdir(parents=True, exist_ok=True)
    beside = into.with_name(f".{into.name}.new")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:

        def add(name: str, data: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(f"{NAME}/{name}", WHEN), data, zipfile.ZIP_DEFLATED)

        add("README.txt", NOTE.encode())
        add("assets/folder.js", FOLDER.read_bytes())
        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            name, data = path.relative_to(site).as_posix(), path.read_bytes()
            if name == "404.html":
                continue
            if name.endswith("index.html"):
                page = name.removesuffix("index.html")
                data = opened_from_a_folder(data.decode(), page, site).encode()
            elif name == "assets/questions.js":
                data = without_module(data.decode()).encode()
            elif name == "search/search_index.json":
                add("search/search_index.js", index_as_script(data.decode()).encode())
            add(name, data)
    beside.replace(into)


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


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    console.any_letter()
    parser = argparse.ArgumentParser(
        prog="python scripts/take_along.py", description="The whole book as one file."
    )
    parser.add_argument("kind", choices=["zip", "pdf"])
    kind = parser.parse_args(arguments).kind
    if not (SITE / "index.html").exists():
        print("there is no site: run `mkdocs build`, then this again", file=sys.stderr)
        return 1
    into = ROOT / ".cache" / f"{NAME}.{kind}"
    if kind == "zip":
        make_zip(SITE, into)
    else:
        make_pdf(SITE, into)
    print(f"{into.relative_to(ROOT)}: {into.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
