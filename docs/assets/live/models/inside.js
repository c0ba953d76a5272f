/**
 * Between the layers: what each layer of the decoder would say, as in snippets/inside/lens.py, and
 * heads put off, of the decoder as in snippets/shared/heads.py, of the encoder as in
 * snippets/inside/similar.py. Layers and heads are counted from 0.
 */
import { Decoder } from "./decoder.js";
import { largest } from "./sampling.js";

/**
 * The logit lens: the state after the embedding and after each layer, by the last norm and the
 * token table, as if it were the last.
 * @param {import("./branches.js").Branches} branches
 * @param {number[]} ids a text; what is read is its last token's state
 * @returns {{id: number, chance: number, final: number, place: number}[]} for 0, 1, … layers done:
 *   the first choice and its probability; that of the final first choice, and its place, from 1
 */
export function lens(branches, ids) {
  const { decoder } = branches;
  const { x, hooks } = decoder;
  const states = [];
  hooks.state = (done, { data, width }, tokens) => (states[done] = data.slice((tokens - 1) * width, tokens * width));
  try {
    branches.next([ids]); // all tokens before the last come first, so what stays is the last one's
  } finally {
    delete hooks.state;
  }
  const final = decoder.layers.length;
  const said = [];
  let choice;
  for (let end = states.length; end > 0; end -= Decoder.mostLogits) { // the last ones first
    const from = Math.max(0, end - Decoder.mostLogits);
    states.slice(from, end).forEach((state, row) => x.data.set(state, row * x.width));
    const rows = decoder.logits(0, end - from);
    if (end > final) choice = largest(rows.at(-1), 1)[0].id;
    rows.forEach((logits, row) => {
      const [{ id, value: most }] = largest(logits, 1);
      let [sum, before] = [0, 0]; // of softmax; how many stand before the final choice
      for (const logit of logits) {
        sum += Math.exp(logit - most);
        if (logit > logits[choice]) before++;
      }
      said[from + row] = { id, chance: 1 / sum, final: Math.exp(logits[choice] - most) / sum, place: 1 + before };
    });
  }
  return said;
}

/** After so many layers the final first choice leads, and leads to the end. */
export const leadsFrom = (said) => 1 + said.findLastIndex(({ id }) => id !== said.at(-1).id);

/**
 * Of a decoder's Branches or of an Encoder: the attention of each layer, the widths of a state and
 * of a head's part of it, how a text is read, and how what was kept of earlier texts is forgotten.
 */
const parts = (model) => (model.decoder ? {
  attentions: model.decoder.layers.map(({ selfAttn }) => selfAttn),
  width: model.decoder.x.width,
  headWidth: model.decoder.headWidth,
  read: (ids) => model.next([ids]),
  clear: () => model.clear(),
} : {
  attentions: model.blocks.map(({ attention }) => attention),
  width: model.x.width,
  headWidth: model.x.width / model.heads,
  read: (ids) => model.forward(ids),
  clear: () => {}, // an encoder keeps nothing
}); // prettier-ignore

/** Runs `work` while hook(layer, mixed, tokens) hears what the heads of each layer hand on. No key
 *  and no value from before or from meanwhile is used again. */
function hooked({ attentions, clear }, hook, work) {
  clear();
  attentions.forEach((attention, layer) => (attention.hook = (mixed, tokens) => hook(layer, mixed, tokens)));
  try {
    return work();
  } finally {
    for (const attention of attentions) attention.hook = undefined;
    clear();
  }
}

/**
 * What each head hands on, on average over all tokens of these texts.
 * @param {number[][]} texts
 * @returns {Float32Array} (layers, heads, head width)
 */
export function meanOutputs(model, texts) {
  const made = parts(model);
  const { attentions, width, read } = made;
  const sums = new Float64Array(attentions.length * width);
  const add = (layer, { data }, tokens) => {
    for (let i = 0; i < tokens * width; i++) sums[layer * width + (i % width)] += data[i];
  };
  for (const ids of texts) hooked(made, add, () => read(ids));
  const tokens = texts.flat().length;
  return Float32Array.from(sums, (sum) => sum / tokens);
}

/**
 * Runs `work` with these heads off: each hands on its mean, whatever it looks at.
 * @param {[layer: number, head: number][]} heads
 * @param {Float32Array} instead what meanOutputs gave
 */
export function headsOff(model, heads, instead, work) {
  const made = parts(model);
  const { width, headWidth } = made;
  const replace = (layer, { data }, tokens) => {
    for (const [one, head] of heads) {
      if (one !== layer) continue;
      const from = layer * width + head * headWidth;
      const mean = instead.subarray(from, from + headWidth);
      for (let t = 0; t < tokens; t++) data.set(mean, t * width + head * headWidth);
    }
  };
  return hooked(made, replace, work);
}
