// All heads of a model as small multiples: one choice of many, by arrows or by touch.

import { el, roving } from "./parts.js";

/**
 * A grid with a small map for each head.
 * @param {(layer: number, head: number) => void} choose
 * @param {number} layers @param {number} heads of each layer
 */
export function headGrid(choose, layers = 6, heads = 12) {
  const cells = Array.from({ length: layers * heads }, (_, i) => {
    const name = `layer ${1 + Math.floor(i / heads)}, head ${1 + (i % heads)}`;
    const face = el("canvas", { width: 1, height: 1 });
    return el("div", { role: "gridcell", "aria-label": name, title: name }, face);
  });
  const count = (n) => Array.from({ length: n }, (_, i) => i);
  const silent = (label) => el("span", { "aria-hidden": "true" }, label);
  const rows = count(layers).map((i) =>
    el("div", { role: "row" }, silent(String(i + 1)), cells.slice(heads * i, heads * (i + 1))),
  );
  const numbers = count(heads).map((i) => el("span", {}, String(i + 1)));
  const top = el("div", { class: "live-heads-top", "aria-hidden": "true" }, el("span"), numbers);
  const label = "All heads: rows are layers, columns are heads";
  const grid = el("div", { role: "grid", "aria-label": label }, rows);
  const mark = roving(
    grid,
    () => cells,
    (i) => choose(1 + Math.floor(i / heads), 1 + (i % heads)),
    heads,
  );
  const name = el("p", { class: "live-name" }, el("b", {}, `All ${cells.length} heads`),
    " · rows are layers, columns are heads, one color scale");

  let shown;
  /** @param {{maps: Float32Array[], pieces: string[], names?: string[]}} result  names: of the
   *  columns, where others than `pieces` are looked at */
  const draw = (result) => {
    shown = result;
    const { pieces, names = pieces } = result;
    const size = pieces.length * names.length;
    const strongest = (map) => map.reduce((a, b) => Math.max(a, b));
    const most = Math.max(...result.maps.map(strongest));
    cells.forEach((cell, i) => {
      const from = (i % heads) * size;
      const map = result.maps[Math.floor(i / heads)].subarray(from, from + size);
      paint(cell.firstChild, map, names.length, most);
    });
  };
  const select = (layer, head) => {
    const chosen = (layer - 1) * heads + head - 1;
    cells.forEach((cell, i) => cell.setAttribute("aria-selected", String(i === chosen)));
    mark(chosen);
  };
  onScheme(() => shown && draw(shown));
  const node = el("div", { class: "live-heads" }, name, top, grid);
  node.style.setProperty("--heads", heads);
  return { node, draw, select };
}

/** A map in as many pixels as it has cells; the page's styles make them large. */
export function paint(face, map, columns, most, color = "--fig-weight") {
  face.width = columns;
  face.height = map.length / columns;
  const pen = face.getContext("2d");
  const image = pen.createImageData(face.width, face.height);
  const pixels = new Uint32Array(image.data.buffer); // a byte each, from the lowest: red, green, blue, opacity
  const ink = inkOf(color);
  map.forEach((weight, i) => (pixels[i] = ink | (Math.round((255 * weight) / most) << 24)));
  pen.putImageData(image, 0, 0);
}

const inks = new Map(); // a page has few colors, and a grid asks for each of its heads

/** A color of the page as red + 256 · green + 65,536 · blue. */
function inkOf(color) {
  const written = getComputedStyle(document.body).getPropertyValue(color) || "#2563c9";
  if (!inks.has(written)) {
    const pen = el("canvas", { width: 1, height: 1 }).getContext("2d");
    pen.fillStyle = written;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
    inks.set(written, red | (green << 8) | (blue << 16));
  }
  return inks.get(written);
}

/** The page's scheme has changed: what is drawn in pixels must be drawn again. */
export function onScheme(draw) {
  new MutationObserver(draw).observe(document.body, { attributeFilter: ["data-md-color-scheme"] });
}
