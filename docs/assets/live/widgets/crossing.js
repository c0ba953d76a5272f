// One head's cross-attention as a map and as a table: rows are pieces that were written, columns
// are pieces of the source.

import { matrix } from "./maps.js";
import { el, table, tabs } from "./parts.js";

/** @param {{onpick: (piece: number) => void, onhover: (piece: number) => void}} wish  onhover: -1 for none */
export function crossing({ onpick, onhover }) {
  const panels = { Map: el("div"), Table: el("div") };
  const { node } = tabs("View", panels);
  let drawn = null;

  /**
   * @param {Float32Array} map (written, source) @param {string[]} written @param {string[]} source
   * @param {string} title the layer and the head
   */
  function draw(map, written, source, title) {
    const alt = `Cross-attention of the translator, ${title.toLowerCase()}: ${written.length} pieces written, ${source.length} of the source`;
    drawn = matrix(map, written, { title, alt, names: source, onrow: onpick, onhover });
    const broad = drawn.node.classList.contains("live-broad");
    const reached = broad && { tabindex: 0, role: "group", "aria-label": "The map, wider than the page" };
    panels.Map.replaceChildren(el("div", { class: "live-wide", ...reached }, drawn.node));
    const values = written.map((_, i) => source.map((_, j) => map[i * source.length + j].toFixed(2)));
    panels.Table.replaceChildren(table(`${title}: rows were written, columns were looked at`, source, written, values));
  }
  return { node, draw, follow: (piece) => drawn?.follow(piece) };
}

/** The numbers of a row, largest first: [{at, weight}]. */
export const strongest = (row) => [...row].map((weight, at) => ({ at, weight })).sort((a, b) => b.weight - a.weight);
