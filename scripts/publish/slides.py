"""Slides from the built site: one file that opens in a browser, or a PDF.

    python -m scripts slides                the lecture of 90 minutes, as teaching.md plans it
    python -m scripts slides decoder        a chapter
    python -m scripts slides --pdf decoder  … on paper, without the speaker's notes

They lie in .cache/slides afterwards. Nothing is written for them: a section gives its title, its
first paragraph and what it shows, and the rest of its prose becomes the speaker's notes; a
lecture's stop gives its question, what to show, and the sentence that should stay. So a slide is
never older than its page. Build the site first: mkdocs build.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from pathlib import Path

import click

from scripts.base import ROOT, BookError
from scripts.base.files import put
from scripts.measure.browsers.chromium import opened
from scripts.publish.epub import CANONICAL
from scripts.publish.pdf import chosen, in_order
from scripts.publish.zip import SITE

HERE = Path(__file__).parent
COLORS = ROOT / "docs" / "assets" / "styles" / "colors.css"
SKIPPED = ("Try it", "Next")  # sections that are no slides: for a desk, and for a browser
MOST = 3  # things that one stop of a lecture shows of a section
LEAD = 260  # letters: a longer first paragraph is for the notes, its end for the slide
OURS = "The Executable Transformer · CC BY 4.0"
PICTURE = re.compile(r'src="[^"]*"([^>]*?) data-picture="([^"]+)"|data-picture="([^"]+)"([^>]*?) src="[^"]*"')
DECK = """<!doctype html>
<html lang="en" data-md-color-scheme="default">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>
{style}
</style></head>
<body>
{slides}
<script type="module">
{script}
</script></body></html>
"""


def slide(title: str, body: str = "", notes: str = "", kind: str = "", origin: str = "") -> str:
    """One slide; the number of its place is put in by `deck`."""
    under = f'<p class="from">{origin}</p>' if origin else ""
    return (
        f'<section class="slide {kind}" id="s-@"><h2>{title}</h2>{body}{under}</section>'
        f'<aside class="notes">{notes}</aside>'
    )


def shown(one: dict, lead: str = "") -> str:
    """A figure, table, formula, program or output, as large as the slide lets it be."""
    rows = one["html"].count("<tr")
    wide = max(one["columns"], 40)
    size = f' style="--lines:{max(one["lines"], 12)};--columns:{wide};--rows:{max(rows, 6)}"'
    return f'{lead}<div class="shown {one["kind"]}"{size}>{one["html"]}</div>'


def of_section(section: dict, origin: str, most: int | None = None) -> Iterator[str]:
    """The slides of a section: what it shows one by one, under the words that lead to it.

    Args:
        most: of its figures, tables and formulas, without its programs; all, with them, by default.
    """
    short = len(re.sub("<[^>]*>", "", section["lead"])) <= LEAD
    lead = f'<p class="lead">{section["lead"]}</p>' if section["lead"] and short else ""
    notes = ("" if short else f"<p>{section['lead']}</p>") + section["notes"]
    shows = section["shows"]
    if most is not None:
        seen = [one for one in shows if one["kind"] not in ("code", "output")] or shows
        shows = seen[:most]
    for number, one in enumerate(shows):
        above = f'<p class="lead">{one["before"]}</p>' if one["before"] else ""
        yield slide(section["title"], shown(one, above if number else lead or above), notes, "", origin)
    if section["title"] == "Remember" or (not shows and lead):
        items = re.search(r"<(ul|ol)\b.*</\1>", section["notes"], re.S)
        body = items[0] if items else lead
        yield slide(section["title"], body, "" if items else notes, "", origin)
    for asked in section["questions"]:
        yield slide(asked["asks"], f'<div class="shown">{asked["shows"]}</div>', asked["answer"], "", origin)


def of_chapter(read: dict) -> Iterator[str]:
    """The deck of one chapter: what for, its sections, its questions."""
    goals = "".join(f"<li>{html.escape(goal)}</li>" for goal in read["goals"])
    first, *sections = read["sections"]
    yield slide(html.escape(read["title"]), "", first["notes"], "first", OURS)
    if goals:
        yield slide("After this you can", f"<ul>{goals}</ul>", f"<p>{first['lead']}</p>")
    for section in sections:
        if section["title"] not in SKIPPED:
            yield from of_section(section, html.escape(read["title"]))


def of_lecture(read: dict[str, dict]) -> Iterator[str]:
    """The deck of the lecture: for each stop the question, what to show, what should stay.

    Args:
        read: what `read_pages` gives, with teaching.md.

    Raises:
        BookError: the plan shows a section that is not there.
    """
    plan = read["teaching/"]
    yield slide("Transformers, in ninety minutes", "", "", "first", OURS)
    for minutes, ask, show, says in (stop for stop in plan["stops"] if len(stop) == 4):
        yield slide(ask["html"], "", f"<p>{minutes['text']} minutes.</p><p>{show['html']}</p>", "asks")
        for to, called in zip(show["to"], show["called"], strict=True):
            page, _, mark = to.partition("#")
            if not mark:  # a live page: the teacher leaves the slides for it
                yield slide(f"Live: the {called}", "", f"<p>{show['html']}</p>", "live", "the book itself")
                continue
            found = [one for one in read[page]["sections"] if one["id"] == mark]
            if not found:
                raise BookError(f"docs/teaching.md shows {to}, and there is no such section")
            yield from of_section(found[0], html.escape(read[page]["title"]), MOST)
        yield slide(says["html"], "", "", "says")


def read_pages(site: Path, pages: list[str]) -> dict[str, dict]:
    """What slides are made of, for each page, as `slides_read.js` gives it."""
    first = (site / "index.html").read_text("utf-8")
    home = found[1] if (found := CANONICAL.search(first)) else ""
    turn = f"(given) => ({(HERE / 'slides_read.js').read_text('utf-8').strip()})(...given)"
    with opened() as browser:
        blank = browser.new_page()
        read = {}
        for page in pages:
            text = (site / page / "index.html").read_text("utf-8")
            read[page] = blank.evaluate(turn, [text, page, home, LEAD])
    return read


def deck(site: Path, title: str, slides: list[str]) -> str:
    """A file that needs nothing beside it, with pictures and colors inside."""

    def inside(found: re.Match) -> str:
        data = base64.b64encode((site / (found[2] or found[3])).read_bytes()).decode()
        return f'src="data:image/png;base64,{data}"{found[1] or found[4]}'

    placed = [one.replace('id="s-@"', f'id="s-{number}"', 1) for number, one in enumerate(slides, 1)]
    style = f"{COLORS.read_text('utf-8')}\n{(HERE / 'slides.css').read_text('utf-8')}"
    script = (HERE / "slides.js").read_text("utf-8")
    body = PICTURE.sub(inside, "\n".join(placed))
    return DECK.format(title=html.escape(title), style=style, slides=body, script=script)


def make(site: Path, name: str) -> tuple[str, int]:
    """The deck of the lecture ("") or of a chapter, and how many slides it has."""
    if not name:
        plan = read_pages(site, ["teaching/"])
        stops = [stop for stop in plan["teaching/"]["stops"] if len(stop) == 4]
        pages = {to.partition("#")[0] for stop in stops for to in stop[2]["to"] if "#" in to}
        slides = list(of_lecture(plan | read_pages(site, sorted(pages))))
        return deck(site, "Transformers, in ninety minutes", slides), len(slides)
    (page,) = chosen(in_order(site), [name])
    read = read_pages(site, [page])[page]
    if not read["goals"]:
        raise BookError(f"{name} is no chapter that names its goals, and slides are made of those")
    slides = list(of_chapter(read))
    return deck(site, read["title"], slides), len(slides)


def printed(path: Path) -> bytes:
    """A deck as PDF, a slide a sheet."""
    with opened() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.goto(path.as_uri())
        data = page.pdf(print_background=True, prefer_css_page_size=True)
    return data


@click.command()
@click.argument("name", default="")
@click.option("--pdf", is_flag=True, help="Print them, without the speaker's notes.")
def main(name: str, pdf: bool) -> None:
    """Make slides of the built site: of the lecture, or of the chapter NAME; needs Chromium."""
    if not (SITE / "index.html").exists():
        raise BookError("there is no site: run `mkdocs build`, then this again")
    text, number = make(SITE, name.removesuffix(".md"))
    into = ROOT / ".cache" / "slides" / f"{(name or 'lecture').replace('/', '-')}.html"
    put(into, text.encode())
    if pdf:
        put(into.with_suffix(".pdf"), printed(into))
        into = into.with_suffix(".pdf")
    print(f"{into.relative_to(ROOT)}: {number} slides, {into.stat().st_size / 1e6:.1f} MB")
