// Drawings of attention weights: the matrix as the book draws it (snippets/plots.py,
// `heatmap`), the same weights as lines, and a thumbnail. Each drawing can follow one token.

import { inFrames } from "./frames.js";
import { svg } from "./parts.js";

// The book's figures are 316.8 units wide and shown at up to 1.3 × 422 pixels.
const WIDE = 316.8;
const BLUE = "var(--fig-weight, #2563c9)";
const INK = "var(--fig-ink, #1f2933)";
const MUTED = "var(--fig-muted, #5f6b79)";
const GRID = "var(--fig-grid, #d9dee5)";
const SANS = "system-ui, 'Liberation Sans', Arial, sans-serif";

/** On a phone the drawing is as wide as the screen, so its letters must be larger. */
const fontSize = () => (matchMedia("(max-width: 44.9844em)").matches ? 10.5 : 8.5);

const pen = document.createElement("canvas").getContext("2d");

function widest(texts, size) {
  pen.font = `100px ${SANS}`;
  return Math.max(...texts.map((text) => pen.measureText(text).width)) * (size / 100) * 1.08;
}

function canvas(width, height, alt, ...children) {
  const drawing = svg("svg", {
    xmlns: "http://www.w3.org/2000/svg", class: "figure live-map", role: "img",
    "aria-label": alt, viewBox: `0 0 ${width} ${height}`, "font-family": SANS,
    width: Math.round(width * 4 / 3), height: Math.round(height * 4 / 3),
  }, ...children);
  drawing.style.setProperty("--width", `${Math.round((width * 4) / 3)}px`);
  if (width > WIDE) {
    drawing.classList.add("live-broad"); // a long text scrolls
    drawing.style.setProperty("min-width", `${width}px`);
  }
  return drawing;
}

function text(x, y, size, words, more = {}) {
  return svg("text", { x, y, "font-size": size, fill: INK, ...more }, words);
}

/**
 * Attention weights as a matrix: a row for each token that looks.
 * @param {Float32Array} weights rows × columns @param {string[]} pieces those that look
 * @param {{title: string, alt: string, names?: string[], border?: number, top?: number,
 *   whole?: boolean, onrow: (i: number) => void, onhover: (i: number) => void}} wish  names: of the columns, where
 *   others are looked at; border: where a second sentence begins; top: the weight of the strongest
 *   color, without it the largest one; whole: all of it at once, however large
 * @returns {{node: SVGElement, follow: (row: number) => void}}
 */
export function matrix(weights, pieces, { title, alt, names = pieces, border = 0, top, whole, onrow, onhover }) {
  const n = names.length;
  top ??= weights.reduce((a, b) => Math.max(a, b), 1e-9);
  let size = fontSize();
  const left = 4 + widest(pieces, size) + 4;
  const cell = Math.max((WIDE - left - 3) / n, 12);
  const above = 20 + widest(names, size) + 5;
  size = Math.min(size, cell * 0.85);
  const side = n * cell;
  const high = pieces.length * cell;

  const rows = pieces.map((piece, i) => {
    const y = above + i * cell;
    const label = text(left - 4, y + cell / 2 + size * 0.36, size, piece, { "text-anchor": "end" });
    const hit = svg("rect", { x: 0, y, width: left + side, height: cell, fill: "transparent" });
    const heard = { onclick: () => onrow(i), onpointerenter: () => onhover(i) };
    return svg("g", heard, label, hit);
  });
  const cells = (i) => names.map((_, j) =>
    svg("rect", {
      x: left + j * cell, y: above + i * cell, width: cell, height: cell,
      fill: BLUE, "fill-opacity": +(weights[i * n + j] / top).toFixed(4),
    }),
  ); // prettier-ignore
  inFrames(rows, n, (row, i) => row.prepend(...cells(i)), whole);
  const columns = names.map((name, j) =>
    text(0, 0, size, name, {
      transform: `translate(${left + (j + 0.5) * cell + size * 0.36} ${above - 4}) rotate(-90)`,
    }),
  );
  const each = (count, line) => Array.from({ length: count + 1 }, (_, i) => line(i * cell)).join("");
  const lines = each(n, (at) => `M${left + at} ${above}v${high}`) + each(pieces.length, (at) => `M${left} ${above + at}h${side}`);
  const grid = svg("path", { d: lines, stroke: GRID, "stroke-width": 0.4, fill: "none" });
  const seam = border && svg("path", {
    d: `M${left + border * cell} ${above}v${side}M${left} ${above + border * cell}h${side}`,
    stroke: MUTED, "stroke-dasharray": "3 2", fill: "none",
  });
  const frame = svg("rect", { x: left, width: side, height: cell, fill: "none", stroke: INK });
  const heading = text(left, 12, 10, title, { "font-weight": "bold" });
  const node = canvas(left + side + 3, above + high + 3, alt,
    svg("g", { onpointerleave: () => onhover(-1) }, rows),
    columns, grid, seam || null, frame, heading,
  );
  const follow = (row) => {
    frame.setAttribute("y", above + row * cell);
    rows.forEach((g, i) =>
      g.querySelector("text").setAttribute("font-weight", i === row ? "bold" : "normal"),
    );
  };
  return { node, follow };
}

/** The same weights as lines from each token on the left to what it looks at on the right. */
export function lines(weights, pieces, { title, alt, whole, onrow, onhover }) {
  const n = pieces.length;
  const top = weights.reduce((a, b) => Math.max(a, b), 1e-9);
  const size = fontSize();
  const step = size * 1.75;
  const room = widest(pieces, size) + 8;
  const numbers = size * 2.6;
  const [from, to] = [room, WIDE - room - numbers];
  const y = (i) => 34 + i * step;

  let followed = 0;
  // The lines of one token stand out, on a scale of their own; the others are a hint.
  const dress = (i) => {
    const most = i === followed ? Math.max(...weights.subarray(i * n, (i + 1) * n), 1e-9) : top;
    [...groups[i].children].forEach((path, j) => {
      const share = weights[i * n + j] / most;
      path.setAttribute("stroke-width", (0.3 + 3.2 * share).toFixed(2));
      path.setAttribute("stroke-opacity", (i === followed ? share : 0.1 * share).toFixed(3));
    });
  };
  const groups = pieces.map(() => svg("g"));
  const path = (i, j) => svg("path", {
    d: `M${from} ${y(i)}C${(from + to) / 2} ${y(i)} ${(from + to) / 2} ${y(j)} ${to} ${y(j)}`,
    stroke: BLUE, fill: "none",
  }); // prettier-ignore
  const draw = (group, i) => {
    group.append(...pieces.map((_, j) => path(i, j)));
    dress(i);
  };
  inFrames(groups, n, draw, whole);
  const left = pieces.map((piece, i) => {
    const label = text(from - 5, y(i) + size * 0.36, size, piece, { "text-anchor": "end" });
    const place = { x: 0, y: y(i) - step / 2, width: from + 14, height: step };
    const hit = svg("rect", { ...place, fill: "transparent" });
    const heard = { onclick: () => onrow(i), onpointerenter: () => onhover(i) };
    return svg("g", heard, label, hit);
  });
  const right = pieces.map((piece, j) => text(to + 5, y(j) + size * 0.36, size, piece));
  const shown = pieces.map((_, j) =>
    text(WIDE - 2, y(j) + size * 0.36, size, "", { "text-anchor": "end" }),
  );
  const node = canvas(WIDE, y(n - 1) + step, alt, groups, right, shown,
    svg("g", { onpointerleave: () => onhover(-1) }, left),
    text(from - room + 4, 12, 10, title, { "font-weight": "bold" }),
  );
  const follow = (row) => {
    const before = followed;
    followed = row;
    dress(before);
    dress(row);
    left.forEach((g, i) =>
      g.querySelector("text").setAttribute("font-weight", i === row ? "bold" : "normal"),
    );
    shown.forEach((label, j) => {
      const weight = weights[row * n + j];
      label.textContent = weight >= 0.005 ? weight.toFixed(2) : "";
    });
  };
  return { node, follow };
}
