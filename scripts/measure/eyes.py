"""What is painted on the pages of the built site, seen by pixels.

    python -m scripts eyes                    all pages: build the site first, mkdocs build
    python -m scripts eyes decoding labs      pages whose address begins so
    python -m scripts eyes --keep FOLDER      and leave the pictures there

Each page on a phone and a laptop, light and dark. Every text stands out from what is painted
behind it: by 4.5 : 1, or 3 : 1 where it is large. Every mark of a drawing and every bar of a
widget is painted otherwise than what lies beside it. Every picture is there and not blank, and
every variable that a style asks for has a value where it is asked for. Prints each fault in a
line; exits with 1 if there is one.

The page is photographed without its letters and with letters in a loud color: where both differ
there is ink, and the first shows what lies behind it. What color it has, the browser says.
"""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import click
import numpy as np
from PIL import Image

from scripts.measure import audit
from scripts.measure.browsers.chromium import opened

WIDTHS = {"phone": 360, "laptop": 1280}  # CSS pixels
SCHEMES = {"light": "default", "dark": "slate"}  # a reader's word → the theme's
TALLEST = 8000  # pixels of one photograph: a browser fails at pictures that are much higher
INK = 24  # of 255: by how much a pixel differs where a letter covers it
MARK = 8  # of 255: below it, a mark looks like what lies beside it
SMALL, LARGE = 4.5, 3.0  # to 1: contrast of text, and of text from 24 px on, or 18.66 px bold
EDGE = 0.1  # the share of a letter's ink that may touch a line or a neighbor

# Nothing fades and nothing waits; and all that folds is open.
STILL = """*, ::before, ::after { transition: none !important; animation: none !important;
    caret-color: transparent !important }""" + audit.ALL
# Letters alone: a line or an icon in the color of the text stays. What is stretched, as the
# bracket of a matrix, takes the color itself. `%s` is what all letters are painted in.
LETTERS = """*, ::before, ::after, ::marker, ::placeholder {
    -webkit-text-fill-color: %s !important; -webkit-text-stroke: 0 !important;
    text-shadow: none !important }
mo { color: %s !important }
svg text, svg tspan { fill: %s !important; stroke: none !important }"""
LOUD = "#ff00ff"  # a color that nothing else on the pages has
OPEN = """() => document.querySelectorAll("details").forEach((one) => { one.open = true; })"""
# All that is painted later is there: letters, pictures that wait for their place on the screen,
# and two frames, since what has changed is painted in the next one.
READY = """async () => {
  const pictures = [...document.images];
  for (const one of pictures) one.loading = "eager";
  await Promise.all([document.fonts.ready, ...pictures.map((one) => one.decode().catch(() => {}))]);
  for (let i = 0; i < 2; i++) await new Promise((go) => requestAnimationFrame(go));
}"""
# The bars of widgets, which are no drawings.
BARS = ".live-stays, .live-cut, progress, meter, canvas"

_LINEAR = np.array([c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
                    for c in np.arange(256) / 255], dtype=np.float32)  # fmt: skip
_SHARE = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


def luminance(colors: np.ndarray) -> np.ndarray:
    """Relative luminance as WCAG 2 defines it, 0 to 1, of colors 0 to 255, shape (…, 3)."""
    return _LINEAR[np.clip(np.rint(colors), 0, 255).astype(np.uint8)] @ _SHARE


def contrast(color: list[float], behind: np.ndarray) -> np.ndarray:
    """Of a color with its opacity (r, g, b, 0 to 1) on colors of shape (n, 3): 1 to 21, (n,)."""
    painted = np.array(color[:3]) * color[3] + behind * (1 - color[3])
    one, two = luminance(painted), luminance(behind)
    return (np.maximum(one, two) + 0.05) / (np.minimum(one, two) + 0.05)


def photograph(tab, high: int) -> np.ndarray:
    """The page as pixels, shape (high, wide, 3); its viewport must be as high as the page."""
    wide, parts = tab.viewport_size["width"], []
    tab.evaluate(READY)
    session = tab.context.new_cdp_session(tab)
    for top in range(0, high, TALLEST):
        clip = {"x": 0, "y": top, "width": wide, "height": min(TALLEST, high - top), "scale": 1}
        shot = session.send("Page.captureScreenshot", {"clip": clip, "optimizeForSpeed": True})
        parts.append(np.asarray(Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("RGB")))
    session.detach()
    return np.concatenate(parts)


def see(tab, inside: str = "body", known: set[str] | None = None, keep: Path | None = None):
    """What is wrong with the page as it is now, in both schemes, at its present width.

    Args:
        tab: a page of playwright; its viewport becomes as high as the page.
        inside: a selector; only what lies in its elements is looked at.
        known: what was seen on other pages of this width: its like is not looked at again, and
            what is new is added. Drawings always are.
        keep: a path without an ending, for the pictures.

    Yields:
        A line for each fault.
    """
    tab.add_style_tag(content=STILL)
    tab.evaluate(OPEN)
    if known is not None:
        known.update(_ask(tab, "twice", list(known)))
    tab.evaluate(READY)
    wide = tab.viewport_size["width"]
    for _ in range(2):  # what waits for its place on the screen comes, and may be higher
        tab.set_viewport_size({"width": wide, "height": 800})
        high = tab.evaluate("document.documentElement.scrollHeight")
        tab.set_viewport_size({"width": wide, "height": high})
    before = tab.evaluate("document.body.dataset.mdColorScheme")
    lettered = None
    for scheme, name in SCHEMES.items():
        tab.evaluate("(name) => { document.body.dataset.mdColorScheme = name; }", name)
        if keep:
            Image.fromarray(photograph(tab, high)).save(f"{keep}-{wide}-{scheme}.png")
        bare = _painted(tab, high, "transparent")
        if lettered is None:  # the letters lie where they lie in both schemes
            lettered = np.abs(_painted(tab, high, LOUD).astype(np.int16) - bare).max(2) > INK
        faults = [
            *unread(json.loads(_ask(tab, "texts", inside)), lettered, bare),
            *unseen(json.loads(_ask(tab, "marks", [inside, BARS])), bare),
            *blank(_ask(tab, "pictures", inside), lettered, bare),
            *(f"no value for {one}" for one in _ask(tab, "variables")),
        ]
        yield from (f"{wide} wide, {scheme}: {one}" for one in dict.fromkeys(faults))
    tab.evaluate("(name) => { document.body.dataset.mdColorScheme = name; }", before)


def _ask(tab, name: str, given=None):
    """What a function of eyes.js answers in the page."""
    script = (Path(__file__).with_name("eyes.js")).read_text("utf-8")
    return tab.evaluate(f"(given) => {{ {script}\n return {name}(given); }}", given)


def _painted(tab, high: int, color: str) -> np.ndarray:
    """A photograph with all letters in this color."""
    style = tab.add_style_tag(content=LETTERS.replace("%s", color))
    shot = photograph(tab, high)
    style.evaluate("(one) => one.remove()")
    return shot


def unread(texts: list, ink: np.ndarray, bare: np.ndarray) -> Iterator[str]:
    """The texts that do not stand out from what is behind them.

    Args:
        ink: where there are letters, shape (high, wide).
        bare: the page without them, shape (high, wide, 3).
    """
    known: dict[tuple, float] = {}  # color, what is behind it → contrast
    for words, where, color, size, bold, places in texts:
        parts = [np.s_[y : y + h, x : x + w] for x, y, w, h in places]
        pixels = np.concatenate([bare[part][ink[part]] for part in parts])
        if not len(pixels):
            yield f"not painted: “{words}”, {where}"
            continue
        shades, counts = np.unique(pixels @ [65536, 256, 1], return_counts=True)
        ratios = []
        for shade in shades:
            key = (*color, int(shade))
            if key not in known:
                back = np.array([[shade >> 16, shade >> 8 & 255, shade & 255]], dtype=float)
                known[key] = float(contrast(color, back)[0])
            ratios.append(known[key])
        order = np.argsort(ratios)
        worst = np.array(ratios)[order][np.searchsorted(np.cumsum(counts[order]), EDGE * len(pixels))]
        if worst < (LARGE if size >= 24 or (bold and size >= 18.66) else SMALL) - 0.01:
            yield f"{worst:.2f} : 1, “{words}”, {size:.0f} px, {where}"


def unseen(marks: list, picture: np.ndarray) -> Iterator[str]:
    """The marks that are painted as what lies beside them."""
    for where, points in marks:
        x, y = np.array(points)[:, ::2], np.array(points)[:, 1::2]
        colors = picture[y, x].astype(int)  # (points, on it · one side · the other, 3)
        if np.ptp(colors, axis=1).max() < MARK:
            yield f"painted like its background: {where}"


def blank(pictures: list, ink: np.ndarray, bare: np.ndarray) -> Iterator[str]:
    """The pictures that did not come, or have one color only."""
    for what, there, (x, y, w, h) in pictures:
        part = np.s_[max(y, 0) : y + h, max(x, 0) : x + w]
        if not there or w < 2 or h < 2:
            yield f"not there: {what}"
        elif np.ptp(bare[part].reshape(-1, 3), axis=0).max() < MARK and not ink[part].any():
            yield f"blank: {what}"


@click.command()
@click.argument("pages", nargs=-1)
@click.option("--keep", type=click.Path(path_type=Path), help="A folder for the pictures.")
def main(pages: tuple[str, ...], keep: Path | None) -> int:
    """Look at the built site by pixels, all of it or PAGES whose addresses begin so."""
    pages = audit.addresses(audit.SITE, pages or ("",))
    if not pages:
        print("there is no such page in site: run `mkdocs build`, then this again")
        return 1
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
    server, wrong = ThreadingHTTPServer(("127.0.0.1", 0), audit.Compressed), 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with opened() as browser:
        for page in pages:
            for wide in WIDTHS.values():
                tab = browser.new_page(viewport={"width": wide, "height": 800}, reduced_motion="reduce")
                tab.goto(f"http://127.0.0.1:{server.server_port}/{page}", wait_until="load")
                name = page.strip("/").replace("/", "-") or "first"
                for fault in see(tab, keep=keep / name if keep else None):
                    wrong += 1
                    print(f"{page or '(first)'}, {fault}", flush=True)
                tab.close()
    server.shutdown()
    print(f"{len(pages)} pages, {wrong} faults")
    return 1 if wrong else 0
