// The distribution after a text, reshaped in the library's order: temperature, then top-k,
// then top-p. Sorted, so that what is kept is always a beginning.

/**
 * @param {Float32Array} logits one for each id
 * @returns {{ids: Uint32Array, logits: Float32Array}} the most probable first
 */
export function sorted(logits) {
  const ids = Uint32Array.from(logits, (_, id) => id).sort((a, b) => logits[b] - logits[a] || a - b);
  return { ids, logits: Float32Array.from(ids, (id) => logits[id]) };
}

/** softmax of sorted logits, divided by the temperature. */
export function softmax(logits, temperature = 1) {
  const exps = Float64Array.from(logits, (z) => Math.exp((z - logits[0]) / temperature));
  const sum = exps.reduce((a, b) => a + b);
  return exps.map((e) => e / sum);
}

/**
 * @param {Float32Array} logits sorted
 * @param {{temperature: number, topK: number, topP: number}} wish  topK 0 and topP 1: all
 * @returns {{probabilities: Float64Array, kept: number, share: number}} before the cut; how
 *   many tokens stay in the draw, and the probability that they hold together
 */
export function reshape(logits, { temperature, topK, topP }) {
  const probabilities = softmax(logits, temperature);
  let kept = topK > 0 ? Math.min(topK, logits.length) : logits.length;
  const sum = (n) => probabilities.subarray(0, n).reduce((a, b) => a + b, 0);
  if (topP < 1) {
    const enough = topP * sum(kept); // top-p shares out what top-k left
    let held = 0;
    let count = 0;
    while (count < kept && held < enough) held += probabilities[count++];
    kept = Math.max(count, 1);
  }
  return { probabilities, kept, share: sum(kept) };
}

/** A place drawn among the kept ones. @param {number} random from 0 to 1 */
export function draw({ probabilities, kept, share }, random) {
  let left = random * share;
  for (let place = 0; place < kept; place++) {
    left -= probabilities[place];
    if (left < 0) return place;
  }
  return kept - 1;
}
