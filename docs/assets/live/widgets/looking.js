// The masked attention of one step: where the last token of the text looks, among the tokens
// up to itself. Later ones do not exist yet, so they need no column.

import { el, newId, tint } from "./parts.js";
import { percent, visible } from "./writing.js";

/** @param {{layers: number, heads: number, onchange: (says: string) => void}} wish */
export function looking({ layers, heads, onchange }) {
  let shown;
  const changed = () => {
    draw();
    onchange(reading.textContent);
  };
  const choice = (says, count) => {
    const numbers = Array.from({ length: count }, (_, i) => el("option", { value: i + 1 }, String(i + 1)));
    const all = el("option", { value: 0 }, `mean of all ${count}`);
    const select = el("select", { id: newId("choice"), onchange: changed }, all, numbers);
    return { select, node: el("span", {}, el("label", { for: select.id }, `${says} `), select) };
  };
  const layer = choice("layer", layers);
  const head = choice("head", heads);
  const first = el("input", { type: "checkbox", onchange: changed });
  const leave = el("label", {}, first, " leave out the first token");
  const reading = el("p", { class: "live-reading" });
  const strip = el("ol", { class: "live-strip", "aria-label": "Tokens, and the weight on each" });
  const note = el("p", { class: "live-quiet" });

  function draw() {
    if (!shown) return;
    const { maps, names } = shown;
    const [from, one] = [Number(layer.select.value), Number(head.select.value)];
    const row = mean(maps, names.length, from, one, heads);
    const sink = row[0];
    const seen = first.checked && row.length > 1 ? row.with(0, 0) : row;
    const sum = seen.reduce((a, b) => a + b);
    const weights = seen.map((x) => x / sum);
    const most = Math.max(...weights);
    strip.replaceChildren(...names.map((name, i) => {
      const number = el("span", { class: "live-weight" }, percent(weights[i]));
      const chip = el("li", {}, el("span", { class: "live-piece" }, visible(name)), number);
      tint(chip, weights[i] / most);
      if (first.checked && i === 0) chip.className = "live-left-out";
      return chip;
    })); // prettier-ignore
    const order = weights.map((_, i) => i).sort((a, b) => weights[b] - weights[a]).slice(0, 3);
    const parts = order.map((i) => `${visible(names[i])} ${percent(weights[i])}`);
    const who = `${from ? `Layer ${from}` : "All layers"}, ${one ? `head ${one}` : "all heads"}`;
    reading.replaceChildren(`${who}: `, el("b", {}, visible(names.at(-1))), ` looks at ${parts.join(", ")}.`);
    const averaged = from && one ? "" : " A mean hides that single heads look at quite different tokens.";
    note.textContent = `The first token has ${percent(sink)}: heads that find nothing leave their weight there.${averaged}`
      + " Weights say where a head reads, and not why this token was predicted."; // prettier-ignore
  }

  const controls = el("p", { class: "live-controls" }, layer.node, head.node, leave);
  return {
    node: el("div", {}, controls, reading, strip, note),
    /** @param {Float32Array[]} maps (heads × 1 × tokens) of each layer @param {string[]} names */
    show: (maps, names) => {
      shown = { maps, names };
      draw();
    },
  };
}

/** The row of one head, or the mean of a layer's heads, of one head in all layers, of all. */
function mean(maps, tokens, layer, head, heads) {
  const chosen = layer ? [maps[layer - 1]] : maps;
  const from = head ? head - 1 : 0;
  const to = head ? head : heads;
  const row = Array(tokens).fill(0);
  for (const map of chosen)
    for (let h = from; h < to; h++)
      for (let j = 0; j < tokens; j++) row[j] += map[h * tokens + j] / (chosen.length * (to - from));
  return row;
}
