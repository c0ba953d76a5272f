// Temperature, top-k and top-p as sliders: what reshapes a distribution before a token is drawn.

import { asked, exact } from "./fields.js";
import { slider } from "./parts.js";
import { VOCABULARY } from "./writing.js";

const KS = [1, 2, 3, 5, 8, 10, 20, 40, 50, 100, 200, 500, 1000, 0]; // 0: all
const TEMPERATURE = { label: "temperature", min: 0.1, max: 2, step: 0.01, format: exact };
const TOP_P = { label: "top-p", min: 0.01, max: 1, step: 0.01, format: (p) => (p < 1 ? exact(p) : "all") };

/**
 * @param {Record<string, string>} options temperature, topK, topP; without them nothing is reshaped
 * @param {() => void} changed called when the reader moves a slider
 * @returns {{nodes: HTMLElement[], wish: {temperature: number, topK: number, topP: number}}}
 */
export function shaping(options, changed) {
  const wish = {
    temperature: asked(options.temperature, TEMPERATURE) ?? 1,
    topK: asked(options.topK, { min: 0, max: VOCABULARY, step: 1 }) ?? 0,
    topP: asked(options.topP, TOP_P) ?? 1,
  };
  const make = (name, limits, read = (x) => x) => {
    const oninput = (x) => {
      wish[name] = read(x);
      changed();
    };
    return slider({ value: wish[name], ...limits, oninput }).node;
  };
  // A number of a link that is not on the list comes between its neighbors.
  const ks = [...new Set([...KS, wish.topK])].sort((a, b) => (a || Infinity) - (b || Infinity));
  const places = { min: 0, max: ks.length - 1, step: 1, value: ks.indexOf(wish.topK) };
  const nodes = [
    make("temperature", TEMPERATURE),
    make("topK", { label: "top-k", ...places, format: (i) => String(ks[i] || "all") }, (i) => ks[i]),
    make("topP", TOP_P),
  ];
  return { nodes, wish };
}
