"""The built site as an e-book: EPUB 3, with MathML, drawings, alt texts, footnotes and answers.

    python -m scripts epub      .cache/the_executable_transformer.epub

Build the site first: mkdocs build. Each page becomes a chapter (`epub.js`, in Chromium, which
writes well-formed XHTML); what answers stands at the chapter's end. The same site gives the same
bytes. The parts of the file: EPUB 3.3, sections 4.2 (container), 5 (package), 7 (navigation).
"""

from __future__ import annotations

import html
import posixpath
import re
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from scripts.base import BookError
from scripts.measure.browsers.chromium import opened
from scripts.publish.pdf import LEAD, PART, TITLE, in_order
from scripts.publish.zip import WHEN, into_file

TURN = Path(__file__).with_name("epub.js")
STYLE = Path(__file__).with_name("epub.css")
CANONICAL = re.compile(r'<link rel="canonical" href="([^"]+)"')
CHANGED = re.compile(r'<time datetime="([\d-]+)"')
LICENSE = re.compile(r'<div class="md-copyright__highlight">(.*?)</div>', re.S)
NEVER = "1980-01-01"  # the day of a book that git does not know
CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>
"""
PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">
<head><title>{title}</title><link rel="stylesheet" type="text/css" href="style.css"/></head>
<body>{body}</body>
</html>
"""


@dataclass
class Chapter:
    """A page as the e-book has it; the fields after `title` are what `epub.js` gives back."""

    page: str  # its address, "decoder/"
    file: str  # "decoder.xhtml"
    part: str
    title: str
    body: str = ""
    heads: list[tuple[str, str, str]] = field(default_factory=list)  # element, id, text
    pictures: list[str] = field(default_factory=list)  # paths from the site's root
    math: bool = False
    svg: bool = False
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def read(site: Path) -> list[Chapter]:
    """The pages of a built site in the order of the book, as chapters.

    Raises:
        BookError: a link of a chapter leads to a place of the book that is not there.
    """
    pages = {page: (site / page / "index.html").read_text("utf-8") for page in in_order(site)}
    files = {page: f"{page.strip('/').replace('/', '-') or 'first'}.xhtml" for page in pages}
    home = found[1] if (found := CANONICAL.search(pages[""])) else ""
    made = []
    with opened() as browser:
        blank = browser.new_page()
        turn = f"(given) => ({TURN.read_text('utf-8').strip()})(...given)"
        for page, text in pages.items():
            part = found[1] if (found := PART.search(text)) else ""
            title = html.unescape(re.sub("<[^>]*>", "", TITLE.search(text)[1]).strip())
            turned = blank.evaluate(turn, [text, page, files, home])
            made.append(Chapter(page, files[page], part, title, **turned))
    if lost := list(_lost(made)):
        raise BookError(f"{len(lost)} links of the e-book lead nowhere: {', '.join(lost[:5])}")
    return made


def _lost(chapters: list[Chapter]) -> Iterator[str]:
    """The links to a place of the book that it does not have."""
    ids = {chapter.file: set(chapter.ids) for chapter in chapters}
    for chapter in chapters:
        for link in chapter.links:
            file, _, mark = link.partition("#")
            if ":" not in file and (there := ids.get(file or chapter.file)) is not None:
                if mark and mark not in there:
                    yield f"{chapter.file} → {link}"


def contents(chapters: list[Chapter]) -> str:
    """The list of parts, chapters and sections: the navigation document's body."""
    rows, part = [], None
    for chapter in chapters:
        if chapter.part != part:
            rows.append("</ol></li>" * bool(part))
            part = chapter.part
            rows.append(f'<li><a href="{chapter.file}">{part}</a><ol>' if part else "")
        inner = "".join(
            f'<li><a href="{chapter.file}#{name}">{html.escape(words)}</a></li>'
            for kind, name, words in chapter.heads
            if kind == "h2" and name
        )
        below = f"<ol>{inner}</ol>" if inner else ""
        rows.append(f'<li><a href="{chapter.file}">{html.escape(chapter.title)}</a>{below}</li>')
    rows.append("</ol></li>" * bool(part))
    return f'<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>{"".join(rows)}</ol></nav>'


def package(chapters: list[Chapter], pictures: list[str], title: str, about: str, day: str) -> str:
    """The package document: what book this is, its files, and their order."""
    items = [
        '<item id="contents" href="contents.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
        '<item id="cover" href="cover.xhtml" media-type="application/xhtml+xml"/>',
        '<item id="style" href="style.css" media-type="text/css"/>',
    ]
    for one in chapters:
        holds = " ".join(["mathml"] * one.math + ["svg"] * one.svg)
        holds = f' properties="{holds}"' if holds else ""
        name = one.file.removesuffix(".xhtml")
        items.append(f'<item id="c-{name}" href="{one.file}" media-type="application/xhtml+xml"{holds}/>')
    for name in pictures:
        items.append(f'<item id="p-{Path(name).stem}" href="pictures/{name}" media-type="image/png"/>')
    order = "".join(f'<itemref idref="c-{one.file.removesuffix(".xhtml")}"/>' for one in chapters)
    known = uuid.uuid5(uuid.NAMESPACE_URL, title)
    accessible = {
        "accessMode": ["textual", "visual"],
        "accessibilityFeature": ["alternativeText", "MathML", "structuralNavigation", "tableOfContents"],
        "accessibilityHazard": ["none"],
        "accessModeSufficient": ["textual"],
    }
    said = "".join(
        f'<meta property="schema:{name}">{value}</meta>'
        for name, values in accessible.items()
        for value in values
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">\n'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">urn:uuid:{known}</dc:identifier><dc:title>{html.escape(title)}</dc:title>'
        f"<dc:language>en</dc:language><dc:description>{html.escape(about)}</dc:description>"
        "<dc:rights>Text CC BY 4.0, code MIT.</dc:rights>"
        f'<meta property="dcterms:modified">{day}T00:00:00Z</meta>{said}</metadata>\n'
        f"<manifest>{''.join(items)}</manifest>\n"
        f'<spine><itemref idref="cover"/><itemref idref="contents"/>{order}</spine>\n</package>\n'
    )


def make_epub(site: Path, into: Path) -> None:
    """Write the whole book as one EPUB.

    Raises:
        BookError: a link leads nowhere, or two pictures share a name.
    """
    chapters = read(site)
    first = (site / "index.html").read_text("utf-8")
    days = [day for page in in_order(site) for day in CHANGED.findall((site / page / "index.html").read_text("utf-8"))]
    day, title = max(days, default=NEVER), chapters[0].title
    about = html.unescape(re.sub("<[^>]*>", "", LEAD.search(first)[1]).strip()) if LEAD.search(first) else title
    paths = sorted({path for chapter in chapters for path in chapter.pictures})
    pictures = {posixpath.basename(path): site / path for path in paths}
    if len(pictures) < len(paths):
        raise BookError("two pictures of the labs share a name: the e-book would show one for both")
    cover = (
        f'<section class="cover"><h1>{html.escape(title)}</h1><p>{html.escape(about)}</p>'
        f"<p>As of {day}. Text CC BY 4.0, code MIT.</p></section>"
    )
    into.parent.mkdir(parents=True, exist_ok=True)
    beside = into.with_name(f".{into.name}.new")
    with zipfile.ZipFile(beside, "w") as archive:

        def add(name: str, data: bytes | str, how: int = zipfile.ZIP_DEFLATED) -> None:
            archive.writestr(zipfile.ZipInfo(name, WHEN), data, how)

        add("mimetype", "application/epub+zip", zipfile.ZIP_STORED)  # first, and not packed
        add("META-INF/container.xml", CONTAINER)
        add("book/package.opf", package(chapters, list(pictures), title, about, day))
        add("book/style.css", STYLE.read_bytes())
        add("book/contents.xhtml", PAGE.format(title="Contents", body=contents(chapters)))
        add("book/cover.xhtml", PAGE.format(title=html.escape(title), body=cover))
        for chapter in chapters:
            add(f"book/{chapter.file}", PAGE.format(title=html.escape(chapter.title), body=chapter.body))
        for name, path in pictures.items():
            add(f"book/pictures/{name}", path.read_bytes(), zipfile.ZIP_STORED)
    beside.replace(into)


@click.command()
def main() -> None:
    """Pack the built site into one e-book (EPUB 3); needs Chromium."""
    into_file("epub", make_epub)
