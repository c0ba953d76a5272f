"""What is painted on the pages of the built site, seen by pixels.

    python scripts/eyes.py                    all pages: build the site first, mkdocs build
    python scripts/eyes.py decoding labs      pages whose address begins so
    python scripts/eyes.py --keep FOLDER      and leave the pictures there

Each page on a phone and a laptop, light and dark. Every text stands out from what is painted
behind it: by 4.5 : 1, or 3 : 1 where it is large. Every mark of a drawing and every bar of a
widget is painted otherwise than what lies beside it. Every picture is there and not blank, and
every variable that a style asks for has a value where it is asked for. Prints each fault in a
line; exits with 1 if there is one.

The page is photographed with its letters and without: where both differ there is ink, and the
second shows what lies behind it.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import sys
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts import audit  # noqa: E402

WIDTHS = {"phone": 360, "laptop": 1280}  # CSS pixels
SCHEMES = {"light": "default", "dark": "slate"}  # a reader's word → the theme's
TALLEST = 8000  # pixels of one photograph: a browser fails at pictures that are much higher
INK = 24  # of 255: by how much a pixel differs where a letter covers it
MARK = 8  # of 255: below it, a mark looks like what lies beside it
SMALL, LARGE = 4.5, 3.0  # to 1: contrast of text, and of text from 24 px on, or 18.66 px bold
EDGE = 0.1  # the share of a letter's ink that may touch a line or a neighbor

# Nothing fades, nothing waits, all that folds is open; see `open_all`.
STILL = """*, ::before, ::after { transition: none !important; animation: none !important;
    caret-color: transparent !important }
.highlight, figure.computed { content-visibility: visible !important }"""
# Letters alone: a line or an icon in the color of the text stays.
WORDLESS = """*, ::before, ::after, ::marker, ::placeholder {
    -webkit-text-fill-color: transparent !important; -webkit-text-stroke: 0 !important;
    text-shadow: none !important }
mo { color: transparent !important }  /* what is stretched takes this color */
svg text, svg tspan { fill: transparent !important; stroke: transparent !important }"""
OPEN = """() => document.querySelectorAll("details").forEach((one) => { one.open = true; })"""

# Takes out of the page what looks like something seen before: a paragraph, a line of a table, a
# listing all of whose parts have the same place among the same elements and classes.
TWICE = """(known) => {
  const had = new Set(known), paths = new Map();
  const path = (one) => {
    if (one === document.body) return "";
    if (!paths.has(one)) paths.set(one, `${path(one.parentElement)}>${one.tagName}.${one.classList}`);
    return paths.get(one);
  };
  const blocks = "p, li, tr, pre, dt, dd, h2, h3, h4, details, .equation, .highlight, .question";
  for (const block of document.querySelectorAll(`:is(article, .md-sidebar) :is(${blocks})`)) {
    const all = [block, ...block.querySelectorAll("*")].map(path);
    if (all.every((one) => had.has(one)) && !block.querySelector("svg[role=img], img, canvas"))
      block.style.setProperty("display", "none", "important");
    else for (const one of block.querySelector(blocks) ? all.slice(0, 1) : all) had.add(one);
  }
  return [...had];
}"""

# What both lists need: where something may be seen, and what color a word of CSS is.
TOOLS = """
const pen = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const colors = new Map();
function rgba(name) {
  if (!colors.has(name)) {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = "#0000";
    pen.fillStyle = name;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    colors.set(name, [r, g, b, a / 255]);
  }
  return colors.get(name);
}
const kept = new Map();
function around(one) {  // the part of the page where `one` can be seen, and how opaque it is
  if (!one) return [0, 0, innerWidth, innerHeight, 1];
  if (!kept.has(one)) {
    let [left, top, right, bottom, opacity] = around(one.parentElement);
    const look = getComputedStyle(one);
    if (!(one instanceof SVGElement && one.ownerSVGElement) && look.overflow !== "visible"
        && one !== document.body && one !== document.documentElement) {
      const box = one.getBoundingClientRect();
      [left, top] = [Math.max(left, box.left), Math.max(top, box.top)];
      [right, bottom] = [Math.min(right, box.right), Math.min(bottom, box.bottom)];
    }
    kept.set(one, [left, top, right, bottom, opacity * look.opacity]);
  }
  return kept.get(one);
}
function within(box, one) {
  const [left, top, right, bottom] = around(one);
  const [x, y] = [Math.max(box.left, left), Math.max(box.top, top)];
  return [x, y, Math.min(box.right, right) - x, Math.min(box.bottom, bottom) - y].map(Math.round);
}
const seen = (one) => one.checkVisibility({visibilityProperty: true, opacityProperty: true});
const named = (one) => {
  const place = one.closest("[id], figure, .live, nav, header, footer");
  return `${one.tagName.toLowerCase()}${one.classList.length ? "." + one.classList[0] : ""}`
    + (place ? ` in ${place.id ? "#" + place.id : place.className || place.tagName}` : "");
};
"""
TEXTS = f"""(inside) => {{ {TOOLS}
  const found = [];
  function add(on, look, boxes, words) {{
    const drawn = on instanceof SVGElement;
    const [r, g, b, a] = rgba(drawn ? look.fill : look.webkitTextFillColor);
    const grown = drawn && on.getScreenCTM ? on.getScreenCTM() : null;
    const size = parseFloat(look.fontSize) * (grown ? Math.hypot(grown.a, grown.b) : 1);
    const alpha = a * around(on)[4] * (drawn ? look.fillOpacity : 1);
    const places = boxes.map((box) => [within(box, on), box])  // a sliver of a letter has no ink
      .filter(([[, , w, h], box]) => w > Math.min(box.width, 9) / 2 && h > Math.min(box.height, 9) / 2)
      .map(([place]) => place);
    if (places.length) found.push([words.trim().slice(0, 40), named(on), [r, g, b, alpha], size,
                                   +look.fontWeight >= 600, places]);
  }}
  const range = document.createRange();
  for (const root of document.querySelectorAll(inside)) {{
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {{
      if (!node.data.trim() || !seen(node.parentElement)) continue;
      range.setStart(node, node.data.search(/\\S/));
      range.setEnd(node, node.data.trimEnd().length);
      add(node.parentElement, getComputedStyle(node.parentElement), [...range.getClientRects()], node.data);
    }}
    for (const one of root.querySelectorAll("*")) {{
      if (one instanceof SVGElement || !seen(one)) continue;
      const box = [one.getBoundingClientRect()];
      for (const part of ["::before", "::after"]) {{
        const look = getComputedStyle(one, part);
        if (/^".*[^" ].*"$|counter/.test(look.content) && look.display !== "none")
          add(one, look, box, `${{part}} ${{look.content}}`);
      }}
      const typed = one.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=range])");
      if (typed && (one.value || one.placeholder))
        add(one, getComputedStyle(one, one.value ? undefined : "::placeholder"), box, one.value || one.placeholder);
    }}
  }}
  return JSON.stringify(found);
}}"""
# Along the outline of each shape: a point on it, one a little inside, one a little outside.
MARKS = f"""([inside, bars]) => {{ {TOOLS}
  const found = [];
  function add(one, points) {{
    const [left, top, right, bottom] = around(one);
    const there = points.filter((all) => all.every((at, i) =>
      i % 2 ? at >= top && at < bottom - 1 : at >= left && at < right - 1));
    if (there.length) found.push([named(one), there.map((all) => all.map(Math.floor))]);
  }}
  const beside = ({{left, right, top, bottom}}) => {{
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    return [[x, y, x, top - 2, x, bottom + 2], [x, y, left - 2, y, right + 2, y],
            [left + 1, y, left + 1, top - 2, left + 1, bottom + 2]];
  }};
  for (const root of document.querySelectorAll(inside)) {{
    for (const one of root.querySelectorAll("svg:is([role=img], .figure, figure svg) *")) {{
      if (one.closest("defs, marker, clipPath, symbol, pattern") || !seen(one)) continue;
      const box = one.getBoundingClientRect(), thin = Math.min(box.width, box.height) < 2;
      if (one.tagName === "use" && !thin) add(one, beside(box));
      if (!(one instanceof SVGGeometryElement)) continue;
      const look = getComputedStyle(one);
      const paint = (kind) => look[kind] === "none" ? 0 : look[kind].startsWith("url") ? 1
        : rgba(look[kind])[3] * look[`${{kind}}Opacity`] * around(one)[4];
      if (Math.max(paint("fill"), paint("stroke") && parseFloat(look.strokeWidth) && paint("stroke")) < 0.15)
        continue;
      const long = one.getTotalLength(), to = one.getScreenCTM();
      if (!long || !to) continue;
      if (thin && !paint("stroke")) continue;  // the bar of a zero
      const half = paint("stroke") ? parseFloat(look.strokeWidth) * Math.hypot(to.a, to.b) / 2 : 0;
      const points = [];
      for (let i = 0; i < 12; i++) {{
        const at = long * (i + 0.5) / 12;
        const [a, b, c] = [at, at + long / 500, at - long / 500].map((s) =>
          one.getPointAtLength(Math.min(Math.max(s, 0), long)).matrixTransform(to));
        const [dx, dy] = [b.x - c.x, b.y - c.y];
        const far = (half + 1.6) / (Math.hypot(dx, dy) || 1);
        points.push([a.x, a.y, a.x - dy * far, a.y + dx * far, a.x + dy * far, a.y - dx * far]);
      }}
      add(one, points);
    }}
    for (const one of root.querySelectorAll(bars)) {{
      const box = one.getBoundingClientRect();
      if (seen(one) && box.width > 3 && box.height > 3) add(one, beside(box));
    }}
  }}
  return JSON.stringify(found);
}}"""
BARS = ".live-stays, .live-cut, progress, meter, canvas"
PICTURES = f"""(inside) => {{ {TOOLS}
  const found = [];
  for (const root of document.querySelectorAll(inside)) {{
    for (const one of root.querySelectorAll("img, figure svg, canvas, svg image")) {{
      if (one.closest("defs") || !seen(one)) continue;
      const there = one.tagName !== "IMG" || (one.complete && one.naturalWidth > 0);
      const what = one.alt || one.getAttribute("aria-label") || named(one);
      found.push([what.slice(0, 60), there, within(one.getBoundingClientRect(), one)]);
    }}
    for (const one of root.querySelectorAll("figure.computed"))
      if (!one.querySelector("svg :is(path, use, rect, image, text), img"))
        found.push([`the figure #${{one.id}}`, false, [0, 0, 0, 0]]);
  }}
  return found;
}}"""
# A drawing's variables have fallbacks, for the saved file: in the page the value must be there.
# The theme's script sets some of the theme's own later, such as where a tooltip stands.
VARIABLES = """() => {
  const missing = new Set();
  const ask = (one, text, wanted) => {
    for (const [, name, then] of text.matchAll(/var\\(\\s*(--[\\w-]+)\\s*(,)?/g))
      if ((wanted || !then && !name.startsWith("--md-")) && !getComputedStyle(one).getPropertyValue(name).trim())
        missing.add(`${name}, asked for by ${one.tagName.toLowerCase()}.${one.classList[0] ?? ""}`);
  };
  for (const one of document.querySelectorAll("article svg, .live svg"))
    for (const part of [one, ...one.querySelectorAll("*")])
      for (const {value} of part.attributes) if (value.includes("var(")) ask(part, value, true);
  for (const one of document.querySelectorAll("[style*='var(']")) ask(one, one.getAttribute("style"));
  const said = new Set();  // every variable that some rule sets, somewhere
  const walk = (rules, visit) => { for (const rule of rules) {
    if (rule.selectorText) visit(rule);
    if (rule.cssRules) walk(rule.cssRules, visit);
  } };
  for (const {cssRules} of document.styleSheets)
    walk(cssRules, (rule) => { for (const name of rule.style) if (name.startsWith("--")) said.add(name); });
  for (const {cssRules} of document.styleSheets) walk(cssRules, ({style, selectorText}) => {
    if (!style.cssText.includes("var(")) return;
    const selector = selectorText.replace(/::?(before|after|placeholder|marker|selection|-[\\w-]+|hover|focus[\\w-]*|active|target)\\b(?!\\()/g, "");
    let one = null;
    try { one = document.querySelector(selector); } catch { /* what only another engine knows */ }
    if (one) ask(one, style.cssText);
    else for (const [, name, then] of style.cssText.matchAll(/var\\(\\s*(--[\\w-]+)\\s*(,)?/g))
      if (!then && !name.startsWith("--md-") && !said.has(name)) missing.add(`${name}, asked for by ${selectorText}`);
  });
  return [...missing];
}"""

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
        known.update(tab.evaluate(TWICE, list(known)))
    wide = tab.viewport_size["width"]
    for _ in range(2):  # what waits for its place on the screen comes, and may be higher
        tab.set_viewport_size({"width": wide, "height": 800})
        high = tab.evaluate("document.documentElement.scrollHeight")
        tab.set_viewport_size({"width": wide, "height": high})
    before = tab.evaluate("document.body.dataset.mdColorScheme")
    lettered = bare = None
    for scheme, name in SCHEMES.items():
        tab.evaluate("(name) => { document.body.dataset.mdColorScheme = name; }", name)
        if lettered is None or keep:
            shot = photograph(tab, high)
            lettered = shot if lettered is None else lettered  # in any color they lie there
            if keep:
                Image.fromarray(shot).save(f"{keep}-{wide}-{scheme}.png")
        hidden = tab.add_style_tag(content=WORDLESS)
        without = photograph(tab, high)
        hidden.evaluate("(one) => one.remove()")
        bare = without if bare is None else bare
        faults = [
            *unread(json.loads(tab.evaluate(TEXTS, inside)), lettered, bare, without),
            *unseen(json.loads(tab.evaluate(MARKS, [inside, BARS])), without),
            *blank(tab.evaluate(PICTURES, inside), lettered),
            *(f"no value for {one}" for one in tab.evaluate(VARIABLES)),
        ]
        yield from (f"{wide} wide, {scheme}: {one}" for one in dict.fromkeys(faults))
    tab.evaluate("(name) => { document.body.dataset.mdColorScheme = name; }", before)


def unread(
    texts: list, lettered: np.ndarray, bare: np.ndarray, behind_them: np.ndarray
) -> Iterator[str]:
    """The texts that do not stand out from what is behind them.

    Args:
        lettered, bare: the page with letters and without: where they differ there is ink.
        behind_them: the page without letters, in the scheme in question.
    """
    known: dict[tuple, float] = {}  # color, what is behind it → contrast
    for words, where, color, size, bold, places in texts:
        behind = []
        for x, y, w, h in places:
            part = np.s_[y : y + h, x : x + w]
            ink = np.abs(lettered[part].astype(int) - bare[part]).max(2) > INK
            behind.append(behind_them[part][ink])
        pixels = np.concatenate(behind)
        if not len(pixels):  # no ink: it is like its background, or lies under something
            x, y, w, h = places[0]
            pixels = behind_them[y : y + h, x : x + w].reshape(-1, 3)
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
        elif not any(map(len, behind)):
            yield f"not painted: “{words}”, {where}"


def unseen(marks: list, picture: np.ndarray) -> Iterator[str]:
    """The marks that are painted as what lies beside them."""
    for where, points in marks:
        x, y = np.array(points)[:, ::2], np.array(points)[:, 1::2]
        colors = picture[y, x].astype(int)  # (points, on it · one side · the other, 3)
        if np.ptp(colors, axis=1).max() < MARK:
            yield f"painted like its background: {where}"


def blank(pictures: list, picture: np.ndarray) -> Iterator[str]:
    """The pictures that did not come, or have one color only."""
    for what, there, (x, y, w, h) in pictures:
        if not there or w < 2 or h < 2:
            yield f"not there: {what}"
        elif np.ptp(picture[y : y + h, x : x + w].reshape(-1, 3), axis=0).max() < MARK:
            yield f"blank: {what}"


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python scripts/eyes.py", description=__doc__.split("\n")[0])
    parser.add_argument("pages", nargs="*", help="how their addresses begin")
    parser.add_argument("--keep", type=Path, help="a folder for the pictures")
    options = parser.parse_args(arguments)
    pages = audit.addresses(audit.SITE, tuple(options.pages) or ("",))
    if not pages:
        print("there is no such page in site: run `mkdocs build`, then this again")
        return 1
    from playwright.sync_api import sync_playwright

    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    server, wrong = ThreadingHTTPServer(("127.0.0.1", 0), audit.Compressed), 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=audit.chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        for page in pages:
            for wide in WIDTHS.values():
                tab = browser.new_page(viewport={"width": wide, "height": 800}, reduced_motion="reduce")
                tab.goto(f"http://127.0.0.1:{server.server_port}/{page}", wait_until="load")
                keep = options.keep / (page.strip("/").replace("/", "-") or "first") if options.keep else None
                for fault in see(tab, keep=keep):
                    wrong += 1
                    print(f"{page or '(first)'}, {fault}", flush=True)
                tab.close()
        browser.close()
    server.shutdown()
    print(f"{len(pages)} pages, {wrong} faults")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
