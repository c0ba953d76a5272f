/**
 * Safetensors: the length of a header, the header as JSON, then the tensors' bytes.
 *
 * Nothing is copied: a tensor is a place in the file.
 */

/** Type in the header → bytes of one value. */
const TYPES = new Map([["F32", 4], ["F16", 2], ["I64", 8]]);

/**
 * @param {Uint8Array} bytes the whole file
 * @returns {{tensors: Map<string, import("./gguf.js").Tensor>}}
 * @throws {Error} one sentence that says what is wrong with the file
 */
export function readSafetensors(bytes) {
  const cutOff = "The safetensors file ends too early: it is cut off or damaged.";
  if (bytes.length < 8) throw new Error(cutOff);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) throw new Error(cutOff);
  const start = 8 + Number(length);

  let header;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  } catch {
    throw new Error("The header of the safetensors file is not JSON: this is another format, or damaged.");
  }
  if (header === null || typeof header !== "object" || Array.isArray(header)) {
    throw new Error("The header of the safetensors file does not list tensors.");
  }

  const tensors = new Map();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    tensors.set(name, place(name, entry, start, bytes.length));
  }
  return { tensors };
}

/** Where one tensor lies, after its entry in the header was checked. */
function place(name, entry, start, end) {
  const size = TYPES.get(entry?.dtype);
  if (!size) throw new Error(`Tensor ${name} of the safetensors file has a type that is not read here.`);
  const { shape, data_offsets: offsets } = entry;
  const counts = (list) => Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!counts(shape) || !counts(offsets) || offsets.length !== 2) {
    throw new Error(`Tensor ${name} of the safetensors file has no proper shape or place.`);
  }
  const at = start + offsets[0];
  const needed = shape.reduce((product, axis) => product * axis, size);
  if (offsets[1] - offsets[0] !== needed || at + needed > end || at % size) {
    throw new Error(`Tensor ${name} does not fit into the safetensors file: it is cut off or damaged.`);
  }
  return { type: entry.dtype, shape, at, bytes: needed };
}
