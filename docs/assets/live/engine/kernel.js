/**
 * One memory with weights and activations in it, and the few products that a model consists of.
 *
 * The products are in WebAssembly (the .wat files), or in plain JavaScript (plain.js) where a page may not
 * run WebAssembly: then all is slower, and the same to rounding. Weights stay as the file has them.
 * For a few positions, rows of 4-bit or 8-bit blocks are multiplied as they are; for more positions,
 * twenty-four rows at a time become float32, and each serves them all. Bytes are multiplied as they are.
 */
import { plainProducts } from "./plain.js";

/**
 * @typedef {{at: number, rows: number, width: number, data: Float32Array}} Matrix
 *   float32 numbers in the memory: `at` is the address of its first byte, `data` shows them
 * @typedef {{type: string, shape: number[], at: number, multiplier?: number}} Weight   as a file keeps it
 */

/** Bytes that `width` numbers take in each format. */
const rowBytes = {
  F32: (width) => 4 * width,
  F16: (width) => 2 * width,
  Q4_1: (width) => (width / 32) * 20,
  Q8_0: (width) => (width / 32) * 34,
  I8: (width) => width,
};
const FILES = ["blocks", "bytes", "rows", "products", "exp"];
const AT_ONCE = 24; // rows that are unpacked together: they stay in the processor's caches
const WIDEST = 4096; // numbers in a row, at most
/** So many positions are multiplied one after the other; to unpack rows for all of them would take longer. */
const FEW = { Q4_1: 3, Q8_0: 3, I8: Infinity };

export class Kernel {
  /** Where the products in WebAssembly are: for most browsers, then for those of before 2023. */
  static FILES = [
    FILES.map((name) => `${name}.fused.wasm`), // multiply and add in one instruction
    FILES.map((name) => `${name}.wasm`),
  ];

  /**
   * What of Kernel.FILES this browser can run, if it can be had.
   * @param {(path: string) => Promise<ArrayBuffer>} read
   * @returns {Promise<ArrayBuffer[] | null>}
   */
  static async fetch(read) {
    for (const paths of Kernel.FILES) {
      try {
        const binaries = await Promise.all(paths.map(read));
        if (binaries.every((binary) => WebAssembly.validate(binary))) return binaries;
      } catch {
        // The next, then.
      }
    }
    return null;
  }

  /**
   * @param {number} bytes how much room all weights and activations need together
   * @param {BufferSource[] | null} wasm what Kernel.fetch gave; null: plain JavaScript
   */
  static async create(bytes, wasm) {
    const room = bytes + 4 * WIDEST * (AT_ONCE + 2) + 65536;
    if (wasm) {
      try {
        const pages = Math.ceil(room / 65536);
        const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
        const made = await Promise.all(wasm.map((bytes) => WebAssembly.instantiate(bytes, { live: { memory } })));
        const products = Object.assign({}, ...made.map(({ instance }) => instance.exports));
        return new Kernel(memory.buffer, products, true);
      } catch {
        // The page's rules forbid WebAssembly, or the browser lacks SIMD.
      }
    }
    try {
      const buffer = new ArrayBuffer(room);
      return new Kernel(buffer, plainProducts(buffer), false);
    } catch {
      throw new Error(`The browser has no ${Math.round(room / 1e6)} MB of memory to spare for the model.`);
    }
  }

  constructor(/** @type {ArrayBuffer} */ buffer, products, fast) {
    this.buffer = buffer;
    this.products = products;
    this.fast = fast;
    this.end = 256; // the next free byte
    this.unpacked = this.allocate(4 * WIDEST * AT_ONCE);
    this.arranged = this.allocate(8 * WIDEST); // x as rows.wat or bytes.wat wants it
  }

  /** Claims bytes for good and says where they begin. Fresh memory holds zeros. */
  allocate(bytes) {
    const at = this.end;
    this.end = Math.ceil((at + bytes) / 64) * 64;
    if (this.end > this.buffer.byteLength) throw new Error("The model needs more memory than was set aside for it.");
    return at;
  }

  /** @returns {Matrix} */
  matrix(rows, width) {
    const at = this.allocate(4 * rows * width);
    return { at, rows, width, data: new Float32Array(this.buffer, at, rows * width) };
  }

  /**
   * A weight of the file that lies at address `base`, once its shape is what the model expects.
   * @returns {Weight}
   */
  weight(file, base, name, ...shape) {
    const tensor = file.tensors.get(name);
    if (!tensor) throw new Error(`The file of weights has no tensor ${name}.`);
    if (tensor.shape.join() !== shape.join() || !rowBytes[tensor.type]) {
      throw new Error(`Tensor ${name} is ${tensor.type} ${tensor.shape.join(" × ")}, not ${shape.join(" × ")}.`);
    }
    return { ...tensor, at: base + tensor.at };
  }

  /** A short weight, such as a bias, as float32. @returns {Float32Array} */
  vector(file, base, name, width) {
    const { type, at } = this.weight(file, base, name, width);
    return this.row({ type, shape: [1, width], at }, 0).slice();
  }

  /** One row of a weight as float32; the next call writes over it. */
  row({ type, shape: [, width], at }, row) {
    at += row * rowBytes[type](width);
    if (type !== "F32") this.products[`unpack${type}`](at, (at = this.unpacked), width);
    return new Float32Array(this.buffer, at, width);
  }

  /** The logarithm of the sum of the exponentials of numbers that lie in the memory. */
  logSum({ byteOffset, length }) {
    const [sum, most] = this.products.expSum(byteOffset, length);
    return most + Math.log(sum);
  }

  /**
   * A linear layer without its bias, out = x Wᵀ, for the first `positions` rows of x.
   * @param {Matrix} x
   * @param {Weight} weight (rows, width)
   * @param {Matrix} out (positions, rows)
   */
  multiply(x, weight, out, positions) {
    const { products, arranged, unpacked } = this;
    const [rows, width] = weight.shape;
    const { type, at } = weight;
    if (rows % 4 || rows < 8) throw new Error(`${rows} rows: the products need a multiple of 4, from 8 on.`);
    if (positions <= FEW[type]) {
      for (let t = 0; t < positions; t++) products[`rows${type}`](at, rows, x.at + 4 * t * width, width, out.at + 4 * t * out.width, arranged);
      return;
    }
    if (type === "F32") return products.product(at, rows, x.at, positions, width, out.at, 4 * out.width);
    const bytes = rowBytes[type](width);
    const count = Math.min(AT_ONCE, rows);
    for (let next = 0; next < rows; next += count) {
      const row = Math.min(next, rows - count); // the last may begin among those that are done
      products[`unpack${type}`](at + row * bytes, unpacked, count * width);
      products.product(unpacked, count, x.at, positions, width, out.at + 4 * row, 4 * out.width);
    }
  }
}
