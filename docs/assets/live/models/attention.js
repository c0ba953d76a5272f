/**
 * Equation (1) of the paper, softmax(Q Kᵀ / √d) V, one query of one head at a time.
 *
 * Which keys may be seen is a list of slots, rows of the matrices of keys and values: in MiniLM
 * all tokens, in SmolLM2 the tokens on the way from the first to this one.
 */

/** In place: e^(x · scale), divided by their sum. */
export function softmax(x, scale = 1) {
  let largest = -Infinity;
  for (let i = 0; i < x.length; i++) if (x[i] > largest) largest = x[i];
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] = Math.exp((x[i] - largest) * scale);
  for (let i = 0; i < x.length; i++) x[i] /= sum;
  return x;
}

/**
 * @param {import("../engine/kernel.js").Kernel} kernel
 * @param {number} query address of one head's part of one query; `width` numbers
 * @param {{at: number, stride: number}} keys address of the head's part of row 0; bytes to row 1
 * @param {{at: number, stride: number}} values
 * @param {{at: number, count: number}} slots addresses of the rows that may be seen
 * @param {number} width of a head
 * @param {Float32Array} weights `count` numbers in the kernel's memory: the row of the map
 * @param {number} out address of `width` numbers
 */
export function attention(kernel, query, keys, values, slots, width, weights, out) {
  const { products } = kernel;
  products.scores(query, keys.at, slots.at, slots.count, width, keys.stride, weights.byteOffset);
  products.softmax(weights.byteOffset, slots.count, 1 / Math.sqrt(width)); // section 3.2.1: divide by √d_k
  products.mix(weights.byteOffset, values.at, slots.at, slots.count, width, values.stride, out);
}
