/**
 * Where a model that learns keeps its numbers, and the three products that its layers consist of.
 *
 * All numbers lie in the memory of the engine's kernel (engine/kernel.js), so the products are in
 * WebAssembly where the browser allows it. The kernel knows one of them, x Wᵀ. The two that lead
 * back are the same product of matrices that were turned over.
 *
 * @typedef {import("../engine/kernel.js").Matrix} Matrix
 * @typedef {Matrix & {batch: number, length: number}} States   a row for each token of each text:
 *   row b · length + t has token t of text b
 * @typedef {{value: Matrix, gradient: Matrix}} Parameter   what is learned, and ∂loss/∂value
 */
export class Room {
  /**
   * @param {import("../engine/kernel.js").Kernel} kernel
   * @param {number} tokens how many rows states have at most
   * @param {number} widest how many numbers a row has at most
   */
  constructor(kernel, tokens, widest) {
    Object.assign(this, { kernel, tokens });
    this.parameters = new Map(); // name, as PyTorch calls it → Parameter
    this.turned = [0, 1].map(() => kernel.matrix(widest, tokens));
  }

  /** Bytes for a model of `numbers` that are learned, with all that its states need. */
  static bytes(tokens, width, inner, numbers) {
    return 4 * (2 * numbers + tokens * (66 * width + 12 * inner));
  }

  /** @returns {Parameter} */
  parameter(name, rows, width) {
    const [value, gradient] = [0, 1].map(() => this.kernel.matrix(rows, width));
    this.parameters.set(name, { value, gradient });
    return { value, gradient };
  }

  /** Room for states; `shaped` says how many texts and tokens they are now. @returns {States} */
  states(width) {
    return this.kernel.matrix(this.tokens, width);
  }

  /** out = x Wᵀ: (tokens, width) by (rows, width) is (tokens, rows). */
  product(x, w, out) {
    shaped(out, x);
    this.kernel.multiply(x, { type: "F32", shape: [w.rows, w.width], at: w.at }, out, x.batch * x.length);
    return out;
  }

  /** ∂loss/∂x, from ∂loss/∂out: each number of out was a sum over x times a row of W. */
  productForX(dOut, w, dX) {
    return this.product(dOut, turn(w, w.rows, this.turned[0]), dX);
  }

  /** ∂loss/∂W, likewise: a sum over all tokens of all texts. */
  productForW(dOut, x, dW) {
    const tokens = x.batch * x.length;
    const columns = turn(x, tokens, this.turned[0]); // (width, tokens)
    this.product(Object.assign(turn(dOut, tokens, this.turned[1]), { batch: 1, length: dOut.width }), columns, dW);
  }
}

/** The same matrix, once it is known to hold as many texts and tokens as `like`. */
export const shaped = (states, { batch, length }) => Object.assign(states, { batch, length });

/** Rows become columns. */
function turn({ data, width }, rows, into) {
  for (let i = 0; i < width; i++) {
    for (let row = 0; row < rows; row++) into.data[i * rows + row] = data[row * width + i];
  }
  return Object.assign(into, { rows: width, width: rows });
}

/** a += b, for all tokens. */
export function add(a, b) {
  for (let i = 0; i < a.batch * a.length * a.width; i++) a.data[i] += b.data[i];
  return a;
}
