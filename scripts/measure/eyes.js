// What scripts/measure/eyes.py asks of a page in the browser: where its texts, marks and pictures are,
// in which colors, and which variables have no value. Places are pixels of the page, which is
// as high as the window.

const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const colors = new Map();

/** A color of CSS as [r, g, b from 0 to 255, opacity from 0 to 1]. */
function rgba(name) {
  if (!colors.has(name)) {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = name;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    colors.set(name, [r, g, b, a / 255]);
  }
  return colors.get(name);
}

const kept = new Map();

/** The part of the page where `one` can be seen, and how opaque it is there. */
function around(one) {
  if (!one) return [0, 0, innerWidth, innerHeight, 1];
  if (!kept.has(one)) {
    let [left, top, right, bottom, opacity] = around(one.parentElement);
    const look = getComputedStyle(one);
    const inDrawing = one instanceof SVGElement && one.ownerSVGElement;
    if (!inDrawing && look.overflow !== "visible" && !one.matches("html, body")) {
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

const seen = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true });

function named(one) {
  const place = one.closest("[id], figure, .live, nav, header, footer");
  const where = place && (place.id ? `#${place.id}` : place.className || place.tagName);
  return one.tagName.toLowerCase() + (one.classList[0] ? `.${one.classList[0]}` : "") + (place ? ` in ${where}` : "");
}

/**
 * Takes out of the page what looks like something seen before: a paragraph, a line of a table, a
 * listing all of whose parts have the same place among the same elements and classes.
 * @param {string[]} known places that were seen @returns {string[]} those and the new ones
 */
function twice(known) {
  const had = new Set(known);
  const paths = new Map();
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
}

/** Every text: its words, whose it is, its color and opacity, size in pixels, bold, places. */
function texts(inside) {
  const found = [];
  function add(on, look, boxes, words) {
    const drawn = on instanceof SVGElement;
    const [r, g, b, a] = rgba(drawn ? look.fill : look.webkitTextFillColor);
    const grown = drawn && on.getScreenCTM ? on.getScreenCTM() : null;
    const size = parseFloat(look.fontSize) * (grown ? Math.hypot(grown.a, grown.b) : 1);
    const alpha = a * around(on)[4] * (drawn ? look.fillOpacity : 1);
    const places = boxes.map((box) => [within(box, on), box]) // a sliver of a letter has no ink
      .filter(([[, , w, h], box]) => w > Math.min(box.width, 9) / 2 && h > Math.min(box.height, 9) / 2)
      .map(([place]) => place); // prettier-ignore
    const bold = Number(look.fontWeight) >= 600;
    if (places.length) found.push([words.trim().slice(0, 40), named(on), [r, g, b, alpha], size, bold, places]);
  }
  const range = document.createRange();
  for (const root of document.querySelectorAll(inside)) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!node.data.trim() || !seen(node.parentElement)) continue;
      range.setStart(node, node.data.search(/\S/));
      range.setEnd(node, node.data.trimEnd().length);
      add(node.parentElement, getComputedStyle(node.parentElement), [...range.getClientRects()], node.data);
    }
    for (const one of root.querySelectorAll("*")) {
      if (one instanceof SVGElement || !seen(one)) continue;
      const box = [one.getBoundingClientRect()];
      for (const part of ["::before", "::after"]) {
        const look = getComputedStyle(one, part);
        if (/^".*[^" ].*"$|counter/.test(look.content) && look.display !== "none")
          add(one, look, box, `${part} ${look.content}`);
      }
      const field = one.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=range])");
      if (field && (one.value || one.placeholder))
        add(one, getComputedStyle(one, one.value ? undefined : "::placeholder"), box, one.value || one.placeholder);
    }
  }
  return JSON.stringify(found);
}

/**
 * Every shape of a drawing, and every bar: points along its outline, each with one a little to
 * either side of it.
 */
function marks([inside, bars]) {
  const found = [];
  function add(one, points) {
    const [left, top, right, bottom] = around(one);
    const there = points.filter((all) => all.every((at, i) =>
      i % 2 ? at >= top && at < bottom - 1 : at >= left && at < right - 1)); // prettier-ignore
    if (there.length) found.push([named(one), there.map((all) => all.map(Math.floor))]);
  }
  const beside = ({ left, right, top, bottom }) => {
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const near = left + 1;
    return [[x, y, x, top - 2, x, bottom + 2], [x, y, left - 2, y, right + 2, y],
            [near, y, near, top - 2, near, bottom + 2]]; // prettier-ignore
  };
  for (const root of document.querySelectorAll(inside)) {
    for (const one of root.querySelectorAll("svg:is([role=img], .figure, figure svg) *")) {
      if (one.closest("defs, marker, clipPath, symbol, pattern") || !seen(one)) continue;
      const box = one.getBoundingClientRect();
      const thin = Math.min(box.width, box.height) < 2;
      if (one.tagName === "use" && !thin) add(one, beside(box));
      if (!(one instanceof SVGGeometryElement)) continue;
      const look = getComputedStyle(one);
      const paint = (kind) => look[kind] === "none" ? 0 : look[kind].startsWith("url") ? 1
        : rgba(look[kind])[3] * look[`${kind}Opacity`] * around(one)[4]; // prettier-ignore
      const [fill, stroke] = [paint("fill"), parseFloat(look.strokeWidth) && paint("stroke")];
      const [long, to] = [one.getTotalLength(), one.getScreenCTM()];
      if (Math.max(fill, stroke) < 0.15 || !long || !to) continue; // all but transparent: a weight of 0
      const half = stroke ? (parseFloat(look.strokeWidth) * Math.hypot(to.a, to.b)) / 2 : 0;
      if (half < 0.25 && (thin || !fill)) continue; // the bar of a zero; a hair
      const points = [];
      for (let i = 0; i < 12; i++) {
        const at = (long * (i + 0.5)) / 12;
        const [a, b, c] = [at, at + long / 500, at - long / 500].map((s) =>
          one.getPointAtLength(Math.min(Math.max(s, 0), long)).matrixTransform(to)); // prettier-ignore
        const [dx, dy] = [b.x - c.x, b.y - c.y];
        const far = (half + 1.6) / (Math.hypot(dx, dy) || 1);
        points.push([a.x, a.y, a.x - dy * far, a.y + dx * far, a.x + dy * far, a.y - dx * far]);
      }
      add(one, points);
    }
    for (const one of root.querySelectorAll(bars)) {
      const box = one.getBoundingClientRect();
      if (seen(one) && box.width > 3 && box.height > 3) add(one, beside(box));
    }
  }
  return JSON.stringify(found);
}

/** Every picture: its name, whether it came, its place. A promised figure without a drawing. */
function pictures(inside) {
  const found = [];
  for (const root of document.querySelectorAll(inside)) {
    for (const one of root.querySelectorAll("img, figure svg, canvas, svg image")) {
      if (one.closest("defs") || !seen(one)) continue;
      const there = one.tagName !== "IMG" || (one.complete && one.naturalWidth > 0);
      const what = one.alt || one.getAttribute("aria-label") || named(one);
      found.push([what.slice(0, 60), there, within(one.getBoundingClientRect(), one)]);
    }
    for (const one of root.querySelectorAll("figure.computed"))
      if (!one.querySelector("svg :is(path, use, rect, image, text), img"))
        found.push([`the figure #${one.id}`, false, [0, 0, 0, 0]]);
  }
  return found;
}

/**
 * Every variable that is asked for and has no value there. In the page's drawings also those with
 * a fallback, which is for the saved file. The theme's script sets some of the theme's own later,
 * such as where a tooltip stands.
 */
function variables() {
  const missing = new Set();
  const uses = (text) => [...text.matchAll(/var\(\s*(--[\w-]+)\s*(,)?/g)].map(([, name, then]) => [name, then]);
  const ours = (name, then) => !then && !name.startsWith("--md-");
  function ask(one, text, also = ours) {
    for (const [name, then] of uses(text))
      if (also(name, then) && !getComputedStyle(one).getPropertyValue(name).trim())
        missing.add(`${name}, asked for by ${one.tagName.toLowerCase()}.${one.classList[0] ?? ""}`);
  }
  for (const part of document.querySelectorAll(":is(article svg, .live svg), :is(article svg, .live svg) *"))
    for (const { value } of part.attributes) if (value.includes("var(")) ask(part, value, () => true);
  for (const one of document.querySelectorAll("[style*='var(']")) ask(one, one.getAttribute("style"));
  // What is for paper alone is not asked on a screen, but somebody must give it a value.
  const here = (rule) => !rule.media || matchMedia(rule.media.mediaText).matches;
  const rules = (all, also) => [...all].flatMap((rule) => [
    ...(rule.selectorText ? [Object.assign(rule, { applies: also })] : []),
    ...rules(rule.cssRules ?? [], also && here(rule)),
  ]); // prettier-ignore
  const all = [...document.styleSheets].flatMap((sheet) => rules(sheet.cssRules, true));
  const said = new Set(all.flatMap(({ style }) => [...style].filter((name) => name.startsWith("--"))));
  const states = /::?(before|after|placeholder|marker|selection|-[\w-]+|hover|focus[\w-]*|active|target)\b(?!\()/g;
  for (const { style, selectorText, applies } of all) {
    if (!style.cssText.includes("var(")) continue;
    let one = null;
    try {
      one = applies && document.querySelector(selectorText.replace(states, ""));
    } catch {
      // What only another browser knows.
    }
    if (one) ask(one, style.cssText);
    else for (const [name, then] of uses(style.cssText))
      if (ours(name, then) && !said.has(name)) missing.add(`${name}, asked for by ${selectorText}`);
  }
  return [...missing];
}
