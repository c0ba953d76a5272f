"""What every page of the built site must give in each engine. Each check returns its faults."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

from scripts.measure import audit
from scripts.measure.browsers import Browser, BrowserError

WIDTHS = (1280, 360)
HEIGHT = 800
# As it is for somebody who has read to the end and unfolded everything.
ALL = """
const style = document.createElement("style");
style.textContent = arguments[0];
document.head.append(style);
for (const one of document.querySelectorAll("details")) one.open = true;
"""
WIDE = """
const {scrollWidth, clientWidth} = document.documentElement;
if (scrollWidth <= clientWidth) return "";
const out = [...document.querySelectorAll("body *")].filter((one) => {
  const {right, width} = one.getBoundingClientRect();
  return width && right > clientWidth + 1;
}).at(-1);
return `${scrollWidth} of ${clientWidth}: ${out?.tagName.toLowerCase()} ${out?.className}`;
"""
# One formula in the middle of the screen, and where its parts should have ink.
FORMULA = """
const one = document.querySelectorAll("math")[arguments[0]];
if (!one.checkVisibility()) return null;
one.scrollIntoView({block: "center", behavior: "instant"});
const drawn = () => new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));
return document.fonts.ready.then(drawn).then(() => {
  const box = (part) => {
    const {left, top, right, bottom, height} = part.getBoundingClientRect();
    return {left, top, right, bottom, height};
  };
  const all = (selector) => [...one.querySelectorAll(selector)];
  const text = getComputedStyle(one).color;
  const fences = all("mo").filter((mo) => /^[()[\\]{}|⟨⟩]$/.test(mo.textContent.trim()) &&
    mo.getAttribute("stretchy") !== "false" && mo.parentElement.querySelector("mfrac, mtable"));
  return {
    says: one.textContent.trim().slice(0, 40), box: box(one),
    fractions: all("mfrac").filter((x) => x.getAttribute("linethickness") !== "0").map((x) =>
      ({whole: box(x), over: box(x.children[0]), under: box(x.children[1])})),
    roots: all("msqrt, mroot").map((x) => ({whole: box(x), inside: box(x.children[0])})),
    fences: fences.map((mo) => ({mo: box(mo), says: mo.textContent, tall: Math.max(
      ...[...mo.parentElement.children].filter((x) => x !== mo).map((x) => box(x).height))})),
    letters: all(".query, .key, .value, [mathcolor], [style*=color]").map((x) => {
      const leaf = x.querySelector("mi, mn, mtext") ?? x;
      return {says: leaf.textContent, box: box(leaf), color: getComputedStyle(leaf).color, text};
    }),
  };
});
"""
# Colors that change slowly have changed.
STILL = "return document.getAnimations().every((one) => one.playState === 'finished')"
# The page has done what it puts off until it is idle, such as giving a place for Tab to what scrolls.
SETTLED = """
const idle = window.requestIdleCallback ?? ((then) => setTimeout(then, 1000));
return new Promise((then) => idle(() => idle(() => requestAnimationFrame(() => setTimeout(() => then(true))))));
"""
AXE = """
const only = arguments[0] ? {runOnly: arguments[0]} : {};
return axe.run(document, {resultTypes: ["violations"], ...only}).then(({violations}) =>
  violations.flatMap(({id, nodes}) => nodes.map(({target}) => `${id}: ${target.join(" ")}`)));
"""


def errors(browser: Browser, server: ThreadingHTTPServer) -> list[str]:
    """What consoles and the server have heard since the last call that should not be."""
    said = [one for one in browser.said() if one.startswith("error")]
    failed = [f"{status} for {path}" for status, path in server.asked if status >= 400]
    server.asked.clear()
    return list(dict.fromkeys(said + failed))


def look(browser: Browser, server: ThreadingHTTPServer, page: str) -> Iterator[str]:
    """A page on a wide screen and a phone, in both schemes: errors, and what does not fit."""
    errors(browser, server)
    for width in WIDTHS:
        browser.size(width, HEIGHT)
        for scheme, named in (("light", "default"), ("dark", "slate")):
            browser.scheme(scheme)
            if scheme == "light":
                browser.open(server.url + page)
                browser.js(ALL, audit.ALL)
            where = f"{page or '(first)'}, {width} wide, {scheme}"
            try:
                browser.wait("return document.body.dataset.mdColorScheme === arguments[0]", named)
            except BrowserError:
                yield f"{where}: the page does not follow the scheme"
            if wide := browser.js(WIDE):
                yield f"{where}: wider than the screen, {wide}"
        yield from (f"{page or '(first)'}, {width} wide: {one}" for one in errors(browser, server))
    browser.scheme("light")


def axe(browser: Browser, server: ThreadingHTTPServer, page: str, source: str) -> Iterator[str]:
    """What axe-core sees on a page; in the dark scheme only the contrast can be another."""
    browser.size(WIDTHS[0], HEIGHT)
    browser.open(server.url + page)
    browser.js(SETTLED)
    browser.js(ALL, audit.ALL)
    browser.js(SETTLED)
    browser.js(source)
    for scheme, named in (("light", "default"), ("dark", "slate")):
        browser.scheme(scheme)
        browser.wait("return document.body.dataset.mdColorScheme === arguments[0]", named)
        browser.wait(STILL)
        for fault in browser.js(AXE, ["color-contrast"] if scheme == "dark" else None):
            yield f"{page or '(first)'}, {scheme}: {fault}"
    browser.scheme("light")


# ------------------------------------------------------------------------------- formulas


class Picture:
    """A picture of the window, and where there is ink in it."""

    def __init__(self, data: bytes):
        from PIL import Image

        self.image = Image.open(io.BytesIO(data)).convert("RGB")

    def part(self, left: float, top: float, right: float, bottom: float):
        """A piece of it as (rows, columns, 3)."""
        import numpy

        box = (int(left), int(top), max(int(right + 0.99), int(left) + 1),
               max(int(bottom + 0.99), int(top) + 1))  # fmt: skip
        return numpy.asarray(self.image.crop(box), dtype=int)

    def ink(self, *box: float, paper=None):
        """True where it differs from the paper, which is its most frequent color."""
        import numpy

        part = self.part(*box)
        if paper is None:
            colors, count = numpy.unique(part.reshape(-1, 3), axis=0, return_counts=True)
            paper = colors[count.argmax()]
        return abs(part - paper).max(-1) > 30  # a line thinner than a pixel is pale


def formulas(browser: Browser, server: ThreadingHTTPServer, page: str) -> Iterator[str]:
    """The formulas of a page, measured: "" for each one that is well, else its faults."""
    browser.size(WIDTHS[0], HEIGHT)
    browser.open(server.url + page)
    browser.js(ALL, audit.ALL)
    for number in range(browser.js("return document.querySelectorAll('math').length")):
        found = browser.js(FORMULA, number)
        if not found:
            yield f"{page}: formula {number + 1} is not drawn"
            continue
        box, where = found["box"], f"{page}: formula {number + 1}, {found['says']}"
        if box["right"] - box["left"] < 2 or box["height"] < 4:
            yield f"{where}: it has no size"
            continue
        faults = []
        for one in found["fences"]:
            if one["mo"]["height"] < 0.8 * one["tall"]:
                faults.append(f"{one['says']} is {one['mo']['height']:.0f} high beside {one['tall']:.0f}")
        if found["fractions"] or found["roots"] or found["letters"] or found["fences"]:
            faults += _painted(Picture(browser.screenshot()), found)
        yield f"{where}: {'; '.join(faults)}" if faults else ""


def _painted(picture: Picture, found: dict) -> Iterator[str]:
    """What the picture of a formula lacks: bars, signs, fences, colors."""
    box = found["box"]
    whole = picture.part(box["left"] - 2, box["top"] - 2, box["right"] + 2, box["bottom"] + 2)
    paper = whole[0, 0]
    for one in found["fractions"]:
        over, under = one["over"], one["under"]
        left, right = max(over["left"], under["left"]), min(over["right"], under["right"])
        rows = picture.ink(left + 0.5, over["bottom"] - 3, right - 0.5, under["top"] + 3, paper=paper)
        if rows.mean(1).max() < 0.9:
            yield "a fraction without a bar"
    for one in found["roots"]:
        out, inside = one["whole"], one["inside"]
        if not picture.ink(out["left"], out["top"], inside["left"], out["bottom"], paper=paper).any():
            yield "a root without its sign"
        line = picture.ink(inside["left"], out["top"] - 2, inside["right"], inside["top"] + 3,
                           paper=paper)  # fmt: skip
        if line.mean(1).max() < 0.9:
            yield "a root without its line"
    for one in found["fences"]:
        fence = one["mo"]
        rows = picture.ink(fence["left"] - 1, fence["top"], fence["right"] + 1, fence["bottom"],
                           paper=paper).any(1)  # fmt: skip
        if rows.mean() < 0.6:
            yield f"{one['says']} is not painted as high as it is"
    for one in found["letters"]:
        color = [float(part) for part in re.findall(r"[\d.]+", one["color"])[:3]]
        place = one["box"]
        part = picture.part(place["left"], place["top"], place["right"], place["bottom"])
        if one["color"] == one["text"]:
            yield f"{one['says']} has no color of its own"
        elif abs(part - color).max(-1).min() > 60:
            yield f"{one['says']} is not painted in its color"


# -------------------------------------------------------------------- search and questions


FOUND = """
return [...document.querySelectorAll(".md-search-result__link")].some((one) =>
  new URL(one.href).searchParams.get("h") === arguments[0]);
"""


def search(browser: Browser, server: ThreadingHTTPServer, words: str = "perplexity") -> Iterator[str]:
    """A reader types words, takes the first page that is found, and sees them marked there."""
    browser.size(WIDTHS[0], HEIGHT)
    browser.open(server.url)
    browser.click(".md-search__input")
    browser.press(*words)
    try:  # what is found for the first letters alone comes before, and goes
        browser.wait(FOUND, words)
    except BrowserError:
        yield f"“{words}” is not found"
        return
    browser.wait("return getComputedStyle(document.querySelector('.md-search__output')).opacity === '1'")
    browser.click(".md-search-result__link")
    try:
        browser.wait("return location.pathname !== '/' && document.readyState === 'complete'")
        browser.wait("return [...document.querySelectorAll('article mark')].some((one) =>"
                     " one.textContent.toLowerCase().includes(arguments[0]))", words)  # fmt: skip
    except BrowserError:
        yield f"“{words}” is not marked on {browser.js('return location.pathname')}"


def questions(browser: Browser, server: ThreadingHTTPServer, page: str) -> Iterator[str]:
    """One question of each kind that the page has, answered wrongly where that is quick, then
    right."""
    browser.size(WIDTHS[0], HEIGHT)
    browser.open(server.url + page)
    ways = {"choice": _choose, "number": _type, "order": _sort, "predict": _predict}
    for kind, answer in ways.items():
        one = f".question[data-kind={kind}]" + (":not([data-choose='2'])" if kind == "choice" else "")
        name = browser.js("return document.querySelector(arguments[0])?.id", one)
        if not name:
            continue
        try:
            answer(browser, f"#{name}")
            browser.wait("return document.querySelector(arguments[0])", f"#{name} .question-done")
        except BrowserError as error:
            yield f"{page}#{name} ({kind}) does not answer: {error}"


def _choose(browser: Browser, box: str) -> None:
    right = int(browser.js("return document.querySelector(arguments[0]).dataset.right", box))
    for place, kind in ((1 if right > 1 else 2, "wrong"), (right, "right")):
        browser.click(f"{box} .options > li:nth-child({place}) label")
        browser.wait("return document.querySelector(arguments[0])",
                     f"{box} .options > li:nth-child({place}) .reason.{kind}")  # fmt: skip


def _type(browser: Browser, box: str) -> None:
    browser.click(f"{box} form input")
    browser.press(*"123456789", "Enter")
    browser.wait("return document.querySelector(arguments[0])", f"{box} .question-says .wrong")
    browser.press("Control+a", *browser.js("return document.querySelector(arguments[0]).dataset.key", box))
    browser.press("Enter")


def _sort(browser: Browser, box: str) -> None:
    after = """const all = [...document.querySelectorAll(arguments[0] + " .steps > li")];
      const place = (one) => Number(one.dataset.place);
      return 1 + all.findIndex((one, i) => all[i + 1] && place(one) > place(all[i + 1]));"""
    while place := browser.js(after, box):
        browser.click(f"{box} .steps > li:nth-child({place}) .moves button:last-child")
    browser.click(f"{box} .question-tools button")


def _predict(browser: Browser, box: str) -> None:
    browser.click(f"{box} textarea")
    browser.press(*"one")
    for _ in ("show it", "yes"):  # in the page's language, so by their places
        browser.click(f"{box} .question-tools button")


# ---------------------------------------------------------------------------- maps that answer


def maps(browser: Browser, server: ThreadingHTTPServer, page: str) -> Iterator[str]:
    """The maps of a page, asked by keys and by a click: what does not answer.

    Small maps must open a large one by Enter, and Escape must lead back.
    """
    browser.size(WIDTHS[0], HEIGHT)
    browser.open(server.url + page)
    browser.js(ALL, audit.ALL)
    names = browser.js("return [...document.querySelectorAll('figure[data-maps]')].map((one) => one.id)")
    if not names:
        yield f"{page} has no map"
    said = "return document.querySelector(arguments[0])?.getAttribute('aria-valuetext') ?? ''"
    for name in names:
        where, pick = f"{page}#{name}", f"#{name} .row-pick"
        browser.js("document.querySelector(arguments[0]).focus()", pick)
        first = browser.js(said, pick)
        browser.press("ArrowDown")
        if not first or browser.js(said, pick) == first:
            yield f"{where} says the same after an arrow key: {first}"
        if browser.js("return document.querySelectorAll(arguments[0]).length", f"#{name} .row-frame") != 1:
            yield f"{where} marks no row"
        if browser.js("return document.querySelector(arguments[0]).dataset.maps.includes('|')", f"#{name}"):
            browser.press("Enter")
            browser.wait("return document.querySelector('dialog[open] .row-frame')")
            browser.press("Escape")
            browser.wait("return !document.querySelector('dialog')")
        else:
            browser.js("document.activeElement.blur()")
            browser.click(f"#{name} > svg")
            if not browser.js("return document.querySelector(arguments[0])", f"#{name} .shown"):
                yield f"{where} does not answer to a click"
    yield from errors(browser, server)


# ------------------------------------------------------------------------------- sliders

SLID = """
const figure = document.querySelector(arguments[0]);
return [figure.querySelector(".slider input").getAttribute("aria-valuetext"), figure.querySelector("svg").textContent,
  figure.querySelector("[role=status]").textContent, Math.round(figure.getBoundingClientRect().height)];
"""


def sliders(browser: Browser, server: ThreadingHTTPServer, page: str) -> Iterator[str]:
    """The sliders of a page, moved by a key: what shows, says or announces nothing new, or grows."""
    browser.size(WIDTHS[0], HEIGHT)
    browser.open(server.url + page)
    browser.js(ALL, audit.ALL)
    names = browser.js("return [...document.querySelectorAll('.slider')].map((one) => one.parentElement.id)")
    if not names:
        yield f"{page} has no slider"
    for name in names:
        browser.js("document.querySelector(arguments[0]).focus()", f"#{name} .slider input")
        before = browser.js(SLID, f"#{name}")
        browser.press("ArrowLeft")
        after = browser.js(SLID, f"#{name}")
        for what, one, other in zip(("value", "drawing", "announcement"), before, after):
            if one == other:
                yield f"{page}#{name}: the {what} is the same after an arrow key: {one[:60]}"
        if before[3] != after[3]:
            yield f"{page}#{name} is {after[3]} pixels high after an arrow key, and was {before[3]}"
    yield from errors(browser, server)


# ------------------------------------------------------------------------------- on paper

PROMISED = """
const bare = (text) => text.replace(/\\s/g, "");
const long = (text) => text.length > 7 && /^[\\x20-\\x7e]+$/.test(text);
const texts = (selector, cut) => [...document.querySelectorAll(selector)]
  .flatMap((one) => cut(one)).map(bare).filter(long);
return {
  heading: texts("article h2, article h3", (one) => [one.firstChild.textContent]),
  code: texts(".highlight code", (one) => one.textContent.split("\\n")),
  figure: texts("figure svg text, svg.figure text", (one) => [one.textContent]),
  caption: texts("figcaption", (one) => [one.textContent]),
  letters: [...document.querySelectorAll("article math mi")].filter((one) =>
    /^[A-Za-zα-ω]$/.test(one.textContent) && one.getAttribute("mathvariant") !== "normal").length,
};
"""


def _printed(line: str, text: str) -> bool:
    """Is a line there, or its two parts, since a long one may go on in the next page?"""
    cuts = range(5, len(line) - 4)
    return line in text or any(line[:at] in text and line[at:] in text for at in cuts)


def paper(browser: Browser, server: ThreadingHTTPServer, page: str) -> Iterator[str]:
    """What of a page's headings, code, figures, captions and formulas is not on paper."""
    from pypdf import PdfReader

    browser.size(WIDTHS[0], HEIGHT)
    browser.open(server.url + page)
    promised = browser.js(PROMISED)
    printed = PdfReader(io.BytesIO(browser.pdf())).pages
    text = re.sub(r"\s", "", "".join(one.extract_text() for one in printed))
    letters = len(re.findall("[\U0001d400-\U0001d7ff]", text))  # those of formulas
    text = unicodedata.normalize("NFKC", text)  # "fl" may be one letter there
    for kind in ("heading", "code", "figure", "caption"):
        wanted = promised[kind]
        lost = [one for one in wanted if not _printed(one, text)]
        if lost:
            yield f"{page}: {len(lost)} of {len(wanted)} lines of the kind {kind} are not printed: {lost[0]}"
    if letters < 0.8 * promised["letters"]:
        yield f"{page}: {letters} of {promised['letters']} letters of formulas are printed"
