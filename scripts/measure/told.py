"""A report of sections, told twice: as a page that opens from a folder, and as Markdown.

The page needs no server, no script and no network. Its colors follow the reader's scheme, on a
phone all stands in one column, and what can be scrolled is reached by keys.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

from scripts.base.files import put

LENGTH = 60_000  # letters of the Markdown, at most: a comment holds no more
CUT = "\n\n(The rest is in `report.html`.)"
SIGNS = {"+": "ins", "-": "del", "@": "at"}


@dataclass
class Items:
    """A list; a sentence in front of it if it has one, or that alone."""

    title: str
    lines: list[str] = field(default_factory=list)


@dataclass
class Words:
    """Sentences whose words have changed: for each a list of (kind, words); kind "", "del", "ins"."""

    sentences: list[list[tuple[str, str]]]


@dataclass
class Lines:
    """The lines of a file that differ, as a patch shows them."""

    title: str
    patch: str
    folded: bool = False  # said elsewhere already


@dataclass
class Table:
    """Names of columns, and rows; all but the first column are numbers."""

    title: str
    head: list[str]
    rows: list[list[str]]


@dataclass
class Picture:
    """A figure before and now, each the name of a file beside the report; None if there is none."""

    before: str | None
    now: str | None
    alt: str
    said: str


@dataclass
class Section:
    """A part of the report: about one page, one program, or all in it."""

    title: str
    parts: list[Items | Words | Lines | Table | Picture] = field(default_factory=list)
    under: list[Section] = field(default_factory=list)


@dataclass
class Report:
    """What a change does to the book."""

    title: str
    said: str  # one sentence
    notes: list[str]  # what is not known
    sections: list[Section]


def write(report: Report, into: Path) -> None:
    """Write report.html and report.md into a folder."""
    put(into / "report.html", page(report).encode())
    put(into / "report.md", markdown(report).encode())


# ------------------------------------------------------------------------------ as Markdown


def markdown(report: Report) -> str:
    """The report for a comment or a summary; where that would be full, each section is cut."""
    parts = [f"# {report.title}", report.said, *(f"⚠ {note}" for note in report.notes)]
    told = ["\n\n".join(_section(section, "##")) for section in report.sections]
    if sum(map(len, told)) > LENGTH:
        share = LENGTH // len(told)
        told = [one if len(one) <= share else one[:share].rpartition("\n\n")[0] + CUT for one in told]
    return "\n\n".join([*parts, *told]) + "\n"


def _section(section: Section, mark: str) -> Iterable[str]:
    yield f"{mark} {section.title}"
    for part in section.parts:
        yield from _told(part)
    for one in section.under:
        yield from _section(one, f"{mark}#")


def _told(part: Items | Words | Lines | Table | Picture) -> Iterable[str]:
    if isinstance(part, Items):
        yield from filter(None, [part.title, "\n".join(f"- {line}" for line in part.lines)])
    elif isinstance(part, Words):
        yield "\n".join("- " + "".join(_marked(*one) for one in words) for words in part.sentences)
    elif isinstance(part, Table):
        yield part.title
        numbers = "|".join(["---", *["---:"] * (len(part.head) - 1)])
        rows = [" | ".join(cell.replace("|", "\\|") for cell in row) for row in part.rows]
        yield "\n".join([f"| {' | '.join(part.head)} |", f"|{numbers}|", *(f"| {row} |" for row in rows)])
    elif isinstance(part, Picture):
        yield f"Figure: {part.said}"
    elif not part.folded:
        ticks = "`" * max(3, 1 + max(map(len, re.findall("`+", part.patch)), default=0))
        yield f"{part.title}\n\n{ticks}diff\n{part.patch}\n{ticks}"


def _marked(kind: str, words: str) -> str:
    words = html.escape(words, quote=False)
    return f"<{kind}>{words}</{kind}>" if kind else words


# ---------------------------------------------------------------------------------- as a page

STYLE = """
:root { color-scheme: light dark; --paper: #fefdfb; --tint: #f6f4ef; --rule: #b5afa3; --ink: #1f2933;
  --quiet: #5a6572; --link: #2258b8; --ins: #0b5d3b; --in: #e2f3e8; --del: #96232b; --out: #fbe7e6 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15181d; --tint: #1c2027; --rule: #56606c; --ink: #e3e1db; --quiet: #9ea8b3;
    --link: #8bb5fb; --ins: #8fdcb0; --in: #14301f; --del: #ffb0ad; --out: #3b1d1f } }
body { margin: 0 auto; padding: 1rem; max-width: 68rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere }
h1, h2, h3 { line-height: 1.25 }
h2 { margin-top: 2.5rem; border-top: 1px solid var(--rule); padding-top: 1rem }
h3 { margin: 2rem 0 .5rem }
a { color: var(--link) }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
.said { font-size: 1.15rem }
.note { border-left: 4px solid var(--link); padding: .1rem 0 .1rem .8rem }
ins { color: var(--ins); background: var(--in); text-decoration: underline }
del { color: var(--del); background: var(--out); text-decoration: line-through }
.at { color: var(--quiet) }
code, pre { font: .875em/1.5 ui-monospace, monospace }
.scroll { overflow-x: auto; margin: .8rem 0; background: var(--tint) }
pre { margin: 0; padding: .6rem .8rem; overflow-wrap: normal }
pre ins, pre del { text-decoration: none }
del + ins { margin-left: .2em }
pre del + ins { margin: 0 }
table { border-collapse: collapse; min-width: min(100%, 36rem); font-variant-numeric: tabular-nums; overflow-wrap: normal }
caption { text-align: left; padding: .4rem .8rem; color: var(--quiet) }
th, td { padding: .25rem .8rem; text-align: right; border-top: 1px solid var(--rule); white-space: nowrap }
th:first-child { text-align: left; font-weight: normal }
.both { display: grid; gap: 1rem; margin: .8rem 0 }
@media (min-width: 44rem) { .both { grid-template-columns: 1fr 1fr } }
figure { margin: 0; min-width: 0 }
img { max-width: 100%; height: auto }
figcaption, summary { color: var(--quiet); font-size: .9rem }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
"""
HEARD = {"del": "gone: ", "ins": "new: "}  # colors and lines alone are not heard


def page(report: Report) -> str:
    """The report as HTML, whole in itself but for its figures."""
    whole = Element("html", lang="en")
    head, body = SubElement(whole, "head"), SubElement(whole, "body")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    SubElement(head, "title").text = report.title
    SubElement(head, "style").text = STYLE
    top = SubElement(body, "header")
    SubElement(top, "h1").text = report.title
    _text(SubElement(top, "p", {"class": "said"}), report.said)
    main = SubElement(body, "main")
    for note in report.notes:
        _text(SubElement(main, "p", {"class": "note"}), note)
    if report.sections:
        contents = SubElement(SubElement(top, "nav", {"aria-label": "Contents"}), "ul")
        for section in report.sections:
            link = SubElement(SubElement(contents, "li"), "a", href=f"#{_anchor(section.title)}")
            link.text = section.title
    for section in report.sections:
        _shown(SubElement(main, "section"), section, 2)
    return "<!doctype html>\n" + tostring(whole, "unicode", method="html") + "\n"


def _anchor(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")


def _shown(into: Element, section: Section, level: int) -> None:
    _text(SubElement(into, f"h{level}", id=_anchor(section.title)), section.title)
    for part in section.parts:
        SHOW[type(part)](into, part)
    for one in section.under:
        _shown(SubElement(into, "section"), one, level + 1)


def _text(into: Element, text: str) -> None:
    """Text in which what stands between backticks is code."""
    for number, piece in enumerate(text.split("`")):
        _add(into, piece, "code" if number % 2 else "")


def _add(into: Element, text: str, kind: str = "") -> None:
    """Text at the end of an element, in one of its own if that has a kind."""
    if kind:
        one = SubElement(into, kind if kind != "at" else "span")
        one.attrib |= {"class": "at"} if kind == "at" else {}
        if kind in HEARD:
            SubElement(one, "span", {"class": "unseen"}).text = HEARD[kind]
        _add(one, text)
    elif len(into):
        into[-1].tail = (into[-1].tail or "") + text
    else:
        into.text = (into.text or "") + text


def _items(into: Element, part: Items) -> None:
    if part.title:
        _text(SubElement(into, "p"), part.title)
    rows = SubElement(into, "ul") if part.lines else into
    for line in part.lines:
        _text(SubElement(rows, "li"), line)


def _words(into: Element, part: Words) -> None:
    rows = SubElement(into, "ul")
    for sentence in part.sentences:
        row = SubElement(rows, "li")
        for kind, words in sentence:
            _add(row, words, kind)


def _scrolled(into: Element, title: str) -> Element:
    """A box that scrolls by itself, by keys too."""
    title = title.replace("`", "")
    return SubElement(into, "div", {"class": "scroll", "tabindex": "0", "role": "group", "aria-label": title})


def _lines(into: Element, part: Lines) -> None:
    if part.folded:
        into = SubElement(into, "details")
    _text(SubElement(into, "summary" if part.folded else "p"), part.title)
    shown = SubElement(_scrolled(into, part.title), "pre")
    for line in part.patch.splitlines(keepends=True):
        heading = line.startswith(("---", "+++"))
        _add(shown, line, SIGNS.get(line[:1], "") if not heading else "at")


def _table(into: Element, part: Table) -> None:
    rows = SubElement(_scrolled(into, part.title), "table")
    _text(SubElement(rows, "caption"), part.title)
    top = SubElement(SubElement(rows, "thead"), "tr")
    for name in part.head:
        SubElement(top, "th", scope="col").text = name
    body = SubElement(rows, "tbody")
    for first, *cells in part.rows:
        row = SubElement(body, "tr")
        _text(SubElement(row, "th", scope="row"), first)
        for cell in cells:
            SubElement(row, "td").text = cell


def _picture(into: Element, part: Picture) -> None:
    _text(SubElement(into, "p"), f"Figure: {part.said}")
    both = SubElement(into, "div", {"class": "both"})
    for when, file in (("Before", part.before), ("Now", part.now)):
        one = SubElement(both, "figure")
        if file:
            SubElement(one, "img", src=file, alt=f"{when}: {part.alt}")
        SubElement(one, "figcaption").text = when if file else f"{when}: none"


SHOW = {Items: _items, Words: _words, Lines: _lines, Table: _table, Picture: _picture}
