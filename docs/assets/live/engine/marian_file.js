/**
 * The file of a Marian model: a table of what is in it, then the numbers.
 *
 * Nothing is copied: a tensor is a place in the file. A matrix of type intgemm8 is bytes with a
 * sign and after them one float32, its multiplier: weight = byte / multiplier. It lies transposed,
 * (out, in), as in PyTorch; the embedding table lies as it is named. scripts/models/marian.py reads
 * the same in Python.
 *
 *     version 1, count of tensors
 *     for each: bytes of its name, type, count of axes, bytes of its numbers
 *     all names with a zero after each, all shapes, padding, then the tensors' bytes
 */

/** Type number → its name; of text, such as the settings of the training, nothing is used here. */
const TYPES = new Map([[0x404, "F32"], [0x4101, "I8"], [0x101, "text"]]);
const VALUE = { F32: 4, I8: 1, text: 1 }; // bytes of one value
const EMBEDDINGS = "Wemb"; // the one matrix that does not lie transposed

/**
 * @param {Uint8Array} bytes the whole file
 * @returns {{tensors: Map<string, import("./gguf.js").Tensor & {multiplier?: number}>}}
 * @throws {Error} one sentence that says what is wrong with the file
 */
export function readMarian(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  /** Steps over `count` bytes and says where they begin. */
  const take = (count) => {
    if (count > bytes.length - at) throw new Error("The Marian file ends too early: it is cut off or damaged.");
    at += count;
    return at - count;
  };
  const number = () => Number(view.getBigUint64(take(8), true));
  /** A count: never larger than the file. */
  const size = () => {
    const value = number();
    if (value > bytes.length) throw new Error("The Marian file names a size larger than itself: it is damaged.");
    return value;
  };

  if (bytes.length < 16 || view.getBigUint64(0, true) !== 1n) throw new Error("This is not a Marian file of version 1.");
  take(8);
  const headers = []; // grows as it is read: a damaged count claims no memory
  for (let left = size(); left > 0; left--) headers.push({ name: size(), type: number(), axes: size(), bytes: size() });
  const text = new TextDecoder();
  for (const header of headers) {
    const [start, length] = [take(header.name), header.name];
    header.name = text.decode(bytes.subarray(start, start + length - 1));
  }
  for (const header of headers) {
    if (header.axes > 4) throw new Error(`Tensor ${header.name} of the Marian file has ${header.axes} axes; at most 4 are allowed.`);
    header.shape = Array.from({ length: header.axes }, () => view.getInt32(take(4), true));
  }
  take(size());

  const tensors = new Map();
  for (const { name, type: kind, shape, bytes: length } of headers) {
    const type = TYPES.get(kind);
    if (!type) throw new Error(`Tensor ${name} of the Marian file has type ${kind}, which is not read here.`);
    const start = take(length);
    const needed = shape.reduce((product, axis) => product * axis, VALUE[type]);
    const multiplied = type === "I8";
    if (shape.some((axis) => axis < 0) || needed + 4 * multiplied > length || start % VALUE[type]) {
      throw new Error(`Tensor ${name} does not fit into the Marian file: it is cut off or damaged.`);
    }
    const turned = multiplied && name !== EMBEDDINGS ? shape.toReversed() : shape;
    const flat = shape.length === 2 && shape[0] === 1 ? [shape[1]] : turned; // (1, n) is a vector
    const tensor = { type, shape: flat, at: start, bytes: needed };
    if (multiplied) tensor.multiplier = view.getFloat32(start + needed, true);
    tensors.set(name, tensor);
  }
  return { tensors };
}
