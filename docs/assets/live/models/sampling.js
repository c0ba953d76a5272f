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

/** Rooms for as many numbers as a vocabulary has. Each step writes over what the last one left:
 *  new ones each time would fill a phone's memory before the browser cleans up. */
const rooms = new Map();
function room(name, length) {
  if (rooms.get(name)?.length !== length) rooms.set(name, new Float64Array(length));
  return rooms.get(name);
}

/** Numbers in rising order, in a room of their own. */
function sorted(numbers) {
  const values = room("sorted", numbers.length);
  values.set(numbers);
  return values.sort();
}

/** Softmax of logits divided by a temperature; the logits stay as they are. */
export function probabilities(logits, temperature = 1) {
  return softmax(new Float64Array(logits), 1 / temperature);
}

/** The `count` largest, largest first: [{id, value}]. Of equals, the lower id is first. */
export function largest(values, count) {
  const best = []; // a list that stays sorted and short
  let least = NaN; // the last of `count`: nothing is less than or equal to NaN
  for (let id = 0; id < values.length; id++) {
    const value = values[id];
    if (value <= least) continue;
    let at = best.length;
    while (at > 0 && value > best[at - 1].value) at--;
    best.splice(at, 0, { id, value });
    if (best.length > count) best.pop();
    if (best.length === count) least = best[count - 1].value;
  }
  return best;
}

/**
 * Top-k: ids of the k largest logits (and of what equals the last of them), largest first.
 * @returns {number[]}
 */
export function topK(logits, k) {
  const values = sorted(logits);
  return atLeast(logits, values[Math.max(0, values.length - k)]);
}

/**
 * Top-p: ids of the smallest set of the most probable tokens whose probabilities reach p.
 * @returns {number[]}
 */
export function topP(logits, p) {
  const values = sorted(logits);
  const shares = room("shares", values.length);
  shares.set(values);
  softmax(shares);
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
 * @typedef {{ids: ArrayLike<number>, probabilities: Float64Array}} Kept   side by side
 * @param {{temperature?: number, topK?: number, topP?: number}} settings 0 or 1: no cut
 * @returns {Kept}
 */
export function candidates(logits, { temperature = 1, topK: k = 0, topP: p = 1 }) {
  const scaled = room("scaled", logits.length);
  for (let id = 0; id < logits.length; id++) scaled[id] = logits[id] / temperature;
  let ids = null; // all
  const keep = (kept) => {
    const values = kept.map((id) => scaled[id]);
    scaled.fill(-Infinity);
    kept.forEach((id, i) => (scaled[id] = values[i]));
    ids = kept;
  };
  if (k > 0) keep(topK(scaled, k));
  if (p < 1) keep(topP(scaled, p));
  ids ??= Uint32Array.from(scaled.keys());
  return { ids, probabilities: softmax(Float64Array.from(ids, (id) => scaled[id])) };
}

/** One of their ids by chance. @param {Kept} kept @param {() => number} chance from `random` */
export function draw({ ids, probabilities }, chance) {
  let left = chance();
  const place = probabilities.findIndex((probability) => (left -= probability) < 0);
  return ids.at(place); // -1, for what rounding left over: the last
}

// e^-28 is so small that 49,152 such numbers, a vocabulary, add up to 3.4e-8: less than float32 can tell from none.
const FAR = 28;

/** The logarithm of the sum of the logits' exponentials: a logit less this is its log-probability. */
export function logSum(logits) {
  let most = -Infinity;
  for (let i = 0; i < logits.length; i++) if (logits[i] > most) most = logits[i];
  const least = most - FAR;
  let sum = 0; // of exponentials: at most 1 each, so none is too large
  for (let i = 0; i < logits.length; i++) if (logits[i] > least) sum += Math.exp(logits[i] - most);
  return most + Math.log(sum);
}
