// Temperature, top-k and top-p as sliders: what reshapes a distribution before a token is drawn.

import { number, slider } from "./parts.js";

const KS = [1, 2, 3, 5, 8, 10, 20, 40, 50, 100, 200, 500, 1000, 0]; // 0: all

/**
 * @param {Record<string, string>} options temperature, topK, topP; without them nothing is reshaped
 * @param {() => void} changed called when the reader moves a slider
 * @returns {{nodes: HTMLElement[], wish: {temperature: number, topK: number, topP: number}}}
 */
export function shaping(options, changed) {
  const wish = {};
  const make = (name, limits, read = (x) => x) => {
    const oninput = (x) => {
      wish[name] = read(x);
      changed();
    };
    const { node, input } = slider({ ...limits, oninput });
    wish[name] = read(input.valueAsNumber); // what the limits leave of it
    return node;
  };
  const asked = (name) => Number(options[name]) || undefined;
  const place = KS.indexOf(asked("topK"));
  const last = KS.length - 1;
  const nodes = [
    make("temperature", { label: "temperature", min: 0.1, max: 2, step: 0.1, value: asked("temperature") ?? 1 }),
    make("topK", {
      label: "top-k", min: 0, max: last, step: 1, value: place < 0 ? last : place, format: (i) => String(KS[i] || "all"),
    }, (i) => KS[i]),
    make("topP", {
      label: "top-p", min: 0.05, max: 1, step: 0.05, value: asked("topP") ?? 1, format: (p) => (p < 1 ? number(p) : "all"),
    }),
  ]; // prettier-ignore
  return { nodes, wish };
}
