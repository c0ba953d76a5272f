"""What is painted: every page of the built site by pixels, and that faults are seen at all.

The quick look: on a phone all pages, on a laptop some, and what looks like something that was
seen on an earlier page is left out. `python -m scripts eyes` looks at all of it.
"""

import re
import time

import numpy as np
import pytest
from browser import Quiet, serving

from scripts.base import ROOT
from scripts.measure import audit, eyes
from scripts.pages import cells

pytest_plugins = ["browser"]
SITE = ROOT / "site"
LAPTOP = ["", "architecture/", "self_attention/", "labs/decoding/"]  # all of the kinds of pages


@pytest.fixture(scope="module")
def look(browser, site_server):
    """look("decoding/", 360) → the faults of that page; its like was seen on earlier ones."""
    known: dict[int, set[str]] = {}

    def once(page: str, wide: int, known: set[str] | None) -> list[str]:
        with browser.new_page(
            viewport={"width": wide, "height": 800}, reduced_motion="reduce"
        ) as tab:
            tab.goto(site_server.url + page, wait_until="load")
            return list(eyes.see(tab, known=known))

    def go(page: str, wide: int) -> list[str]:
        faults = once(page, wide, known.setdefault(wide, set()))
        # On a busy machine a photograph can be taken before all is painted; a fault stays.
        again = once(page, wide, None) if faults else []
        return [fault for fault in faults if fault in again]

    return go


@pytest.mark.parametrize("wide", eyes.WIDTHS.values(), ids=eyes.WIDTHS)
def test_all_is_painted_and_can_be_read(look, wide):
    pages = audit.addresses(SITE) if wide < 1000 else LAPTOP
    assert len(pages) > 3 and set(pages) <= set(audit.addresses(SITE))
    assert [f"{page}: {fault}" for page in pages for fault in look(page, wide)] == []


def test_every_figure_that_a_page_promises_is_in_it(built):
    """As many as its Markdown names, each with something drawn."""
    promised = 0
    for source in sorted((ROOT / "docs").glob("*.md")):
        names = re.findall(r"^!\[[^\]]*\]\(figures/([\w/-]+)\.svg", source.read_text("utf-8"), re.M)
        names = [one for one in names if one != "chapter/idea"]  # shows how one writes it
        name = "" if source.stem == "index" else source.stem
        page = (SITE / name / "index.html").read_text("utf-8")
        for figure in names:
            part = page.split(f'<figure class="computed" id="{figure.replace("/", "-")}"')
            assert len(part) == 2, f"{source.name} promises {figure}"
            assert re.search(r"<(?:path|use|image|rect)\b", part[1].split("</svg>")[0]), figure
        promised += len(names)
    assert promised > 50


# ------------------------------------------------------------------------ faults are seen

HEAD = """<html><head><style>
  body { margin: 0; background: #fff; color: #000; font: 16px sans-serif }
  [data-md-color-scheme=slate] { background: #111; color: #eee }
  svg { width: 300px; height: 60px; display: block }
</style></head><body data-md-color-scheme="default"><article>%s</article></body></html>"""
DRAWING = '<figure><svg role="img" viewBox="0 0 300 60">%s</svg></figure>'
LETTERS = 'font-size="16" x="20" y="30"'
PIXEL = (  # one, white
    "data:image/gif;base64,R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="
)


@pytest.mark.parametrize(
    "body, said",
    [
        ("<p>Read me</p>", ""),
        ('<p style="color: #777">Read me</p>', "light: 4.48 : 1, “Read me”, 16 px"),
        ('<p style="color: #777">Read me</p>', "dark: 4.22 : 1, “Read me”, 16 px"),
        ('<p style="color: #777; font-size: 24px">Read me</p>', ""),
        ('<p style="color: #777; font: bold 19px sans-serif">Read me</p>', ""),
        ('<p style="opacity: 0.5">Read me</p>', "light: 3.95 : 1"),
        ('<p style="color: #fff; background: linear-gradient(90deg, #fff 50%, #000 50%)'
         '; width: 80px">Read me, all of me</p>', "1.00 : 1, “Read me"),
        ('<style>p::before { content: "ab"; color: #999 }</style><p>Read me</p>', "“::before"),
        ('<input placeholder="a name" style="color: #000"><style>::placeholder { color: #aaa;'
         " opacity: 1 }</style>", "“a name”"),
        (DRAWING % f'<rect width="300" height="60" fill="#fff"/><text {LETTERS} fill="#fff">Hid</text>',
         "1.00 : 1, “Hid”"),
        (DRAWING % f'<rect width="300" height="60" fill="#25c"/><text {LETTERS} fill="#fff">Seen</text>', ""),
        (DRAWING % f'<rect width="300" height="60" fill="#25c"/><text {LETTERS} fill="#000">Dim</text>',
         ": 1, “Dim”"),
        (DRAWING % f'<text {LETTERS} fill="#08f">Under</text><rect width="300" height="60" fill="#25c"/>',
         "“Under”"),
        (DRAWING % '<rect x="9" y="9" width="80" height="20" fill="#fff"/>',
         "light: painted like its background: rect"),
        (DRAWING % '<path d="M9 9L99 50" stroke="#111" stroke-width="2"/>',
         "dark: painted like its background: path"),
        (DRAWING % '<rect x="9" y="9" width="80" height="20" fill="var(--fig-paper, #25c)"/>',
         "no value for --fig-paper, asked for by rect"),
        ("<style>p { border: 1px solid var(--gone) }</style><p>Read me</p>",
         "no value for --gone, asked for by p."),
        ("<style>.later { color: var(--gone) }</style><p>Read me</p>",
         "no value for --gone, asked for by .later"),
        ("<style>p { --near: red } p b { outline-color: var(--near) }</style><p>Read <b>me</b></p>", ""),
        ('<img src="nowhere.png" alt="A cat" width="90" height="90">', "not there: A cat"),
        (f'<img src="{PIXEL}" alt="A cat" width="90" height="90">', "blank: A cat"),
        ('<figure class="computed" id="a-b"><p>Read me</p></figure>', "not there: the figure #a-b"),
        ('<span class="live-stays" style="display: block; width: 90px; height: 20px; margin: 9px"></span>',
         "painted like its background: span.live-stays"),
        ('<span class="live-stays" style="display: block; width: 90px; height: 20px; margin: 9px;'
         ' background: #25c"></span>', ""),
    ],
)  # fmt: skip
def test_faults_are_seen(browser, body, said):
    with browser.new_page(viewport={"width": 360, "height": 200}) as tab:
        tab.set_content(HEAD % body, wait_until="load")
        found = list(eyes.see(tab))
    assert any(said in one for one in found) if said else found == []


def test_what_was_seen_before_is_left_out(browser):
    """But a drawing never, nor what only its classes tell apart from it."""
    known = set()
    for body, high in (("<p>a</p>" * 40, 16), ("<p>b</p>", 1), ('<p class="c">d</p>', 16),
                       (DRAWING % "<path/>", 60), (DRAWING % "<path/>", 60)):  # fmt: skip
        with browser.new_page(viewport={"width": 360, "height": 200}) as tab:
            tab.set_content(HEAD % body)
            list(eyes.see(tab, known=known))
            box = tab.evaluate("document.querySelector('article').getBoundingClientRect().height")
        assert high * 0.9 <= max(box, 1) <= high * 2, body[:20]


class Late(Quiet):
    """A page with a picture below the screen, which comes late."""

    def do_GET(self) -> None:
        if self.path == "/":
            return self.answer("text/html", HEAD % f'<p style="height: 4000px">Read me</p>{LAZY}')
        time.sleep(3)
        drawn = '<svg xmlns="http://www.w3.org/2000/svg"><circle cx="45" cy="45" r="40"/></svg>'
        self.answer("image/svg+xml", drawn)


LAZY = '<img src="cat.svg" alt="A cat" width="90" height="90" loading="lazy" style="background: #fff">'


def test_a_picture_that_comes_late_is_waited_for(browser):
    with serving(Late) as late, browser.new_page(viewport={"width": 360, "height": 200}) as tab:
        tab.goto(late.url)
        assert list(eyes.see(tab)) == []


# ------------------------------------------------------------------------ numbers on cells


@pytest.mark.parametrize("color", [(37, 99, 201), (182, 79, 20), (14, 116, 124)])
def test_a_number_can_be_read_on_every_cell(color):
    """On the three colors of the maps, from transparent to solid, on both papers."""
    style = (ROOT / "docs/assets/styles/colors.css").read_text("utf-8")
    light, dark = style.split("@media screen", 1)
    names = set()
    for opacity in range(256):
        name = re.match(r"var\((--fig-[\w-]+), (#\w{6})\)", cells.color_on((*color, opacity)))
        names.add(name[1])
        for paper, part in ((cells.LIGHT, light), (cells.DARK, dark)):
            said = re.search(rf"{name[1]}: #(\w{{6}});", part)[1]
            assert paper == cells.DARK or f"#{said}" == name[2], "in the file as on the page"
            letters = [int(said[i : i + 2], 16) for i in (0, 2, 4)]
            cell = np.array([cells._painted((*color, opacity), paper)])
            assert eyes.contrast([*letters, 1], cell)[0] >= 4.5, (opacity, name[1], paper)
    assert len(names) == 4


def test_only_numbers_in_cells_change(book):
    for name in ("encoder/context", "creativity/swap_atom", "encoder/pooling"):
        svg = book.figure(name).read_text("utf-8")
        made = cells.legible(svg)
        strip = re.compile(r"fill: var\(--fig-[\w-]+, #\w+\)")
        assert strip.sub("", made) == strip.sub("", svg)
        labels = re.compile(r'text-anchor: end; fill: var\([^)]*\)" [^>]*>[^<]*')
        assert labels.findall(made) == labels.findall(svg)
    assert "--fig-on-half" in cells.legible(book.figure("encoder/context").read_text("utf-8"))
