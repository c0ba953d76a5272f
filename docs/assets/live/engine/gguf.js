/**
 * GGUF, the file format of llama.cpp: settings, then where each tensor lies, then the numbers.
 *
 * Nothing is copied: a tensor is a place in the file. Weights stay in the blocks of 4 or 8 bits
 * in which they are kept; kernel.js multiplies with them as they are.
 *
 *     "GGUF", version 3, count of tensors, count of settings
 *     settings: name, type, value
 *     tensors:  name, shape (fastest axis first), type, offset
 *     padding to 32 bytes, then the tensors' bytes
 */

/** Type number → its name, how many values share a block, and the bytes of a block. */
const TYPES = new Map([
  [0, ["F32", 1, 4]],
  [1, ["F16", 1, 2]],
  [3, ["Q4_1", 32, 20]], // scale and smallest value as float16, then 32 numbers of 4 bits
  [8, ["Q8_0", 32, 34]], // scale as float16, then 32 numbers of 8 bits with a sign
]);
const STRING = 8;
const ARRAY = 9;

/**
 * @typedef {{type: string, shape: number[], at: number, bytes: number}} Tensor
 *   `at` counts from the start of the file; `shape` is (rows, width), as in PyTorch.
 */

/** Reads forward through bytes, and never past their end. */
class Cursor {
  constructor(/** @type {Uint8Array} */ bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.text = new TextDecoder();
    this.at = 0;
  }

  /** Steps over `count` bytes and says where they begin. */
  take(count) {
    if (count > this.bytes.length - this.at) {
      throw new Error("The GGUF file ends too early: it is cut off or damaged.");
    }
    this.at += count;
    return this.at - count;
  }

  u32() {
    return this.view.getUint32(this.take(4), true);
  }

  /** A count or an offset: 64 bits in the file, but never larger than the file. */
  size() {
    const value = this.view.getBigUint64(this.take(8), true);
    if (value > BigInt(this.bytes.length)) {
      throw new Error("The GGUF file names a size larger than itself: it is damaged.");
    }
    return Number(value);
  }

  string() {
    const length = this.size();
    const start = this.take(length);
    return this.text.decode(this.bytes.subarray(start, start + length));
  }

  /** A setting's value: a number, a truth value, a text, or a list of these. */
  value(type, inList = false) {
    const { view } = this;
    switch (type) {
      case 0: return view.getUint8(this.take(1));
      case 1: return view.getInt8(this.take(1));
      case 2: return view.getUint16(this.take(2), true);
      case 3: return view.getInt16(this.take(2), true);
      case 4: return this.u32();
      case 5: return view.getInt32(this.take(4), true);
      case 6: return view.getFloat32(this.take(4), true);
      case 7: return view.getUint8(this.take(1)) !== 0;
      case STRING: return this.string();
      case 10: return Number(view.getBigUint64(this.take(8), true));
      case 11: return Number(view.getBigInt64(this.take(8), true));
      case 12: return view.getFloat64(this.take(8), true);
    }
    if (type !== ARRAY || inList) throw new Error(`The GGUF file has a value of the unknown type ${type}.`);
    return this.list();
  }

  /** A list. The vocabulary is one, of 49,152 texts: made into strings only when asked for. */
  list() {
    const [type, length] = [this.u32(), this.size()];
    if (type !== STRING) {
      const values = []; // grows as it is read: a damaged length claims no memory
      for (let i = 0; i < length; i++) values.push(this.value(type, true));
      return values;
    }
    const start = this.at;
    for (let i = 0; i < length; i++) this.take(this.size());
    return { length, read: () => Object.assign(new Cursor(this.bytes), { at: start }).strings(length) };
  }

  strings(length) {
    return Array.from({ length }, () => this.string());
  }
}

/**
 * @param {Uint8Array} bytes the whole file
 * @returns {{settings: Map<string, any>, tensors: Map<string, Tensor>}}
 * @throws {Error} one sentence that says what is wrong with the file
 */
export function readGguf(bytes) {
  const cursor = new Cursor(bytes);
  if (cursor.u32() !== 0x46554747) throw new Error("This is not a GGUF file: it does not begin with GGUF.");
  const version = cursor.u32();
  if (version !== 3) throw new Error(`The GGUF file has version ${version}; only version 3 is read here.`);
  const [tensorCount, settingCount] = [cursor.size(), cursor.size()];

  const settings = new Map();
  for (let i = 0; i < settingCount; i++) {
    const name = cursor.string();
    settings.set(name, cursor.value(cursor.u32()));
  }

  const tensors = new Map();
  for (let i = 0; i < tensorCount; i++) {
    const name = cursor.string();
    const axes = cursor.u32();
    if (axes > 4) throw new Error(`Tensor ${name} of the GGUF file has ${axes} axes; at most 4 are allowed.`);
    const shape = Array.from({ length: axes }, () => cursor.size()).reverse();
    const [number, offset] = [cursor.u32(), cursor.size()];
    const type = TYPES.get(number);
    if (!type) throw new Error(`Tensor ${name} of the GGUF file has type ${number}, which is not read here.`);
    const [kind, values, size] = type;
    const bytesNeeded = (shape.reduce((product, axis) => product * axis, 1) / values) * size;
    tensors.set(name, { type: kind, shape, at: offset, bytes: bytesNeeded });
  }

  const alignment = settings.get("general.alignment") ?? 32;
  if (alignment !== 32) throw new Error("The GGUF file is not aligned to 32 bytes, as it has to be here.");
  const start = Math.ceil(cursor.at / 32) * 32;
  for (const [name, tensor] of tensors) {
    tensor.at += start;
    if (tensor.at % 32 || !Number.isInteger(tensor.bytes) || tensor.at + tensor.bytes > bytes.length) {
      throw new Error(`Tensor ${name} does not fit into the GGUF file: it is cut off or damaged.`);
    }
  }
  return { settings, tensors };
}
