// All heads of a model as small multiples: one choice of many, by arrows or by touch.

import { el, roving } from "./parts.js";

const [LAYERS, HEADS] = [6, 12];

/**
 * A grid with a small map for each head.
 * @param {(layer: number, head: number) => void} choose
 */
export function headGrid(choose) {
  const cells = Array.from({ length: LAYERS * HEADS }, (_, i) => {
    const name = `layer ${1 + Math.floor(i / HEADS)}, head ${1 + (i % HEADS)}`;
    const face = el("canvas", { width: 1, height: 1 });
    return el("div", { role: "gridcell", "aria-label": name, title: name }, face);
  });
  const count = (n) => Array.from({ length: n }, (_, i) => i);
  const silent = (label) => el("span", { "aria-hidden": "true" }, label);
  const rows = count(LAYERS).map((i) =>
    el("div", { role: "row" }, silent(String(i + 1)), cells.slice(HEADS * i, HEADS * (i + 1))),
  );
  const numbers = count(HEADS).map((i) => el("span", {}, String(i + 1)));
  const top = el("div", { class: "live-heads-top", "aria-hidden": "true" }, el("span"), numbers);
  const label = "All heads: rows are layers, columns are heads";
  const grid = el("div", { role: "grid", "aria-label": label }, rows);
  const mark = roving(
    grid,
    () => cells,
    (i) => choose(1 + Math.floor(i / HEADS), 1 + (i % HEADS)),
    HEADS,
  );
  const name = el("p", { class: "live-name" }, el("b", {}, `All ${cells.length} heads`),
    " · rows are layers, columns are heads, one color scale");

  let shown;
  /** @param {{maps: Float32Array[], pieces: string[]}} result */
  const draw = (result) => {
    shown = result;
    const n = result.pieces.length;
    const strongest = (map) => map.reduce((a, b) => Math.max(a, b));
    const most = Math.max(...result.maps.map(strongest));
    cells.forEach((cell, i) => {
      const from = (i % HEADS) * n * n;
      const map = result.maps[Math.floor(i / HEADS)].subarray(from, from + n * n);
      paint(cell.firstChild, map, n, most);
    });
  };
  const select = (layer, head) => {
    const chosen = (layer - 1) * HEADS + head - 1;
    cells.forEach((cell, i) => cell.setAttribute("aria-selected", String(i === chosen)));
    mark(chosen);
  };
  onScheme(() => shown && draw(shown));
  return { node: el("div", { class: "live-heads" }, name, top, grid), draw, select };
}

/** A map in n × n pixels; the page's styles make them large. */
function paint(face, map, n, most) {
  face.width = face.height = n;
  const pen = face.getContext("2d");
  pen.fillStyle = getComputedStyle(document.body).getPropertyValue("--fig-weight") || "#2563c9";
  map.forEach((weight, i) => {
    pen.globalAlpha = weight / most;
    pen.fillRect(i % n, Math.floor(i / n), 1, 1);
  });
}

/** The page's scheme has changed: what is drawn in pixels must be drawn again. */
function onScheme(draw) {
  new MutationObserver(draw).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
}
