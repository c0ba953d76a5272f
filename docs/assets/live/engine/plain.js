/**
 * The functions of the .wat files in plain JavaScript, for browsers that refuse WebAssembly.
 *
 * The same names, the same arguments: addresses in bytes, `width` in numbers. Read these first,
 * and then the .wat files, where each does four numbers at a time.
 */

import { softmax } from "../models/attention.js";

/** Every float16 as a float32: there are only 65,536 of them. */
function halfTable() {
  const table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    // No leading one when the exponent is zero; infinity, which weights do not have, is left out.
    table[bits] = sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : (2 ** -14 * fraction) / 1024);
  }
  return table;
}

/** @param {ArrayBuffer} buffer the kernel's memory */
export function plainProducts(buffer) {
  const half = halfTable();
  const floats = new Float32Array(buffer, 0, buffer.byteLength >> 2);
  const bytes = new Uint8Array(buffer);
  const signed = new Int8Array(buffer);
  const integers = new Int32Array(buffer, 0, buffer.byteLength >> 2);
  const halfAt = (at) => half[bytes[at] | (bytes[at + 1] << 8)];

  return {
    /** `width` float16 → float32. */
    unpackF16(from, to, width) {
      to >>= 2;
      for (let i = 0; i < width; i++) floats[to + i] = halfAt(from + 2 * i);
    },

    /** Blocks of 32: scale, least value, then 16 bytes with value j low and value j + 16 high. */
    unpackQ4_1(from, to, width) {
      to >>= 2;
      for (const end = to + width; to < end; to += 32, from += 20) {
        const [scale, least] = [halfAt(from), halfAt(from + 2)];
        for (let j = 0; j < 16; j++) {
          const byte = bytes[from + 4 + j];
          floats[to + j] = scale * (byte & 15) + least;
          floats[to + 16 + j] = scale * (byte >> 4) + least;
        }
      }
    },

    /** Blocks of 32: scale, then 32 bytes with a sign. */
    unpackQ8_0(from, to, width) {
      to >>= 2;
      for (const end = to + width; to < end; to += 32, from += 34) {
        const scale = halfAt(from);
        for (let j = 0; j < 32; j++) floats[to + j] = scale * signed[from + 2 + j];
      }
    },

    /** Bytes with a sign → float32. */
    unpackI8(from, to, width) {
      to >>= 2;
      for (let i = 0; i < width; i++) floats[to + i] = signed[from + i];
    },

    /** out = x · Wᵀ in float32; `stride` is the bytes from one row of out to the next. */
    product(w, rows, x, positions, width, out, stride) {
      for (let row = 0; row < rows; row += 4) {
        const [w0, w1, w2, w3] = [0, 1, 2, 3].map((i) => (w >> 2) + (row + i) * width);
        for (let position = 0; position < positions; position++) {
          const from = (x >> 2) + position * width;
          let [a, b, c, d] = [0, 0, 0, 0]; // four rows: a number of x that was read serves all
          for (let i = 0; i < width; i++) {
            const value = floats[from + i];
            a += value * floats[w0 + i];
            b += value * floats[w1 + i];
            c += value * floats[w2 + i];
            d += value * floats[w3 + i];
          }
          floats.set([a, b, c, d], ((out + position * stride) >> 2) + row);
        }
      }
    },

    /** out = W · x for one position, straight from blocks of Q4_1. */
    rowsQ4_1(w, rows, x, width, out) {
      x >>= 2;
      const sums = new Float64Array(width >> 5); // of each block of x, for its least value
      for (let i = 0; i < width; i++) sums[i >> 5] += floats[x + i];
      for (let row = 0; row < rows; row++) {
        let total = 0;
        for (let block = 0, at = x; block < sums.length; block++, at += 32, w += 20) {
          let sum = 0;
          for (let j = 0; j < 16; j++) {
            const byte = bytes[w + 4 + j];
            sum += (byte & 15) * floats[at + j] + (byte >> 4) * floats[at + j + 16];
          }
          total += halfAt(w) * sum + halfAt(w + 2) * sums[block];
        }
        floats[(out >> 2) + row] = total;
      }
    },

    /** The same from blocks of Q8_0. */
    rowsQ8_0(w, rows, x, width, out) {
      x >>= 2;
      for (let row = 0; row < rows; row++) {
        let total = 0;
        for (let at = x; at < x + width; at += 32, w += 34) {
          let sum = 0;
          for (let j = 0; j < 32; j++) sum += signed[w + 2 + j] * floats[at + j];
          total += halfAt(w) * sum;
        }
        floats[(out >> 2) + row] = total;
      }
    },

    /** The same from bytes with a sign. */
    rowsI8(w, rows, x, width, out) {
      x >>= 2;
      for (let row = 0; row < rows; row++, w += width) {
        let sum = 0;
        for (let i = 0; i < width; i++) sum += signed[w + i] * floats[x + i];
        floats[(out >> 2) + row] = sum;
      }
    },

    /** SwiGLU: gate = gate · sigmoid(gate) · up */
    gate(gate, up, count) {
      [gate, up] = [gate >> 2, up >> 2];
      for (let i = 0; i < count; i++) floats[gate + i] *= floats[up + i] / (1 + Math.exp(-floats[gate + i]));
    },

    /** In place: e^(x · scale), divided by their sum. */
    softmax(x, count, scale) {
      softmax(floats.subarray(x >> 2, (x >> 2) + count), scale);
    },

    /** The sum of e^(x - the largest x), and the largest. */
    expSum(x, count) {
      const some = floats.subarray(x >> 2, (x >> 2) + count);
      const most = some.reduce((a, b) => Math.max(a, b));
      return [some.reduce((sum, value) => sum + Math.exp(value - most), 0), most];
    },

    /** out[j] = query · key[slot[j]] */
    scores(query, keys, slots, count, width, stride, out) {
      query >>= 2;
      for (let j = 0; j < count; j++) {
        const key = (keys + integers[(slots >> 2) + j] * stride) >> 2;
        let sum = 0;
        for (let i = 0; i < width; i++) sum += floats[query + i] * floats[key + i];
        floats[(out >> 2) + j] = sum;
      }
    },

    /** out = Σ weights[j] · value[slot[j]] */
    mix(weights, values, slots, count, width, stride, out) {
      out >>= 2;
      floats.fill(0, out, out + width);
      for (let j = 0; j < count; j++) {
        const weight = floats[(weights >> 2) + j];
        const value = (values + integers[(slots >> 2) + j] * stride) >> 2;
        for (let i = 0; i < width; i++) floats[out + i] += weight * floats[value + i];
      }
    },
  };
}
