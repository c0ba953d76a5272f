/**
 * From logits to a token: greedy, by chance from a kept set, or by beam search.
 *
 * As in transformers: first the temperature, then top-k, then top-p; a beam search scores a
 * finished text by its log-probability divided by its length (length_penalty = 1).
 */
import { softmax } from "./attention.js";

/**
 * Numbers from 0 to 1 that look random, the same for the same seed: "mulberry32", a counter
 * whose bits are mixed by multiplications (Tommy Ettinger, 2017, public domain).
 * @param {number} seed
 * @returns {() => number}
 */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Softmax of logits divided by a temperature; the logits stay as they are. */
export function probabilities(logits, temperature = 1) {
  return softmax(new Float64Array(logits), 1 / temperature);
}

/** The `count` largest, largest first: [{id, value}]. Of equals, the lower id is first. */
export function largest(values, count) {
  const best = []; // a list that stays sorted and short
  for (let id = 0; id < values.length; id++) {
    const value = values[id];
    if (best.length === count && !(value > best[count - 1].value)) continue;
    let at = best.length;
    while (at > 0 && value > best[at - 1].value) at--;
    best.splice(at, 0, { id, value });
    if (best.length > count) best.pop();
  }
  return best;
}

/**
 * Top-k: ids of the k largest logits (and of what equals the last of them), largest first.
 * @returns {number[]}
 */
export function topK(logits, k) {
  const values = new Float64Array(logits).sort();
  return atLeast(logits, values[Math.max(0, values.length - k)]);
}

/**
 * Top-p: ids of the smallest set of the most probable tokens whose probabilities reach p.
 * @returns {number[]}
 */
export function topP(logits, p) {
  const values = new Float64Array(logits).sort();
  const shares = softmax(values.slice());
  // As transformers does: from the least probable on, what together is at most 1 - p is cut.
  let cut = 0;
  for (let sum = shares[0]; cut < values.length - 1 && sum <= 1 - p; sum += shares[cut]) cut++;
  return atLeast(logits, values[cut]).slice(0, values.length - cut);
}

/** Ids of the logits that are at least so large, by falling logit. */
function atLeast(logits, least) {
  const ids = [];
  for (let id = 0; id < logits.length; id++) if (logits[id] >= least) ids.push(id);
  return ids.sort((a, b) => logits[b] - logits[a] || a - b);
}

/**
 * What may be chosen, and how probable each then is. Cut by k or p: the most probable first;
 * uncut: in the order of the ids.
 * @param {{temperature?: number, topK?: number, topP?: number}} settings 0 or 1: no cut
 * @returns {{id: number, probability: number}[]}
 */
export function candidates(logits, { temperature = 1, topK: k = 0, topP: p = 1 }) {
  const scaled = new Float64Array(logits).map((value) => value / temperature);
  let ids = Array.from(scaled.keys());
  const keep = (kept) => {
    const values = kept.map((id) => scaled[id]);
    scaled.fill(-Infinity);
    kept.forEach((id, i) => (scaled[id] = values[i]));
    ids = kept;
  };
  if (k > 0) keep(topK(scaled, k));
  if (p < 1) keep(topP(scaled, p));
  const shares = softmax(Float64Array.from(ids, (id) => scaled[id]));
  return ids.map((id, i) => ({ id, probability: shares[i] }));
}

/** One of them by chance. @param {() => number} chance from `random` */
export function draw(from, chance) {
  let left = chance();
  for (const candidate of from) if ((left -= candidate.probability) < 0) return candidate;
  return from[from.length - 1];
}

/** log softmax(logits): logits less the logarithm of the sum of their exponentials. */
export function logSoftmax(logits) {
  let most = -Infinity;
  for (let i = 0; i < logits.length; i++) if (logits[i] > most) most = logits[i];
  let sum = 0; // of exponentials: at most 1 each, so none is too large
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - most);
  const less = most + Math.log(sum);
  const out = new Float64Array(logits.length);
  for (let i = 0; i < logits.length; i++) out[i] = logits[i] - less;
  return out;
}
