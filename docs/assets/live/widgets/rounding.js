// A block of 32 numbers: read from the file's bytes as snippets/smaller/block.py does, and rounded
// to fewer levels as snippets/smaller/errors.py does. All of it in float32, step by step.

const f32 = Math.fround;

/** A float16, by its bits. */
function half(bits) {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : (2 ** -14 * fraction) / 1024);
}

/**
 * @param {number[]} bytes twenty of them: scale, least value, then two steps in each byte
 * @returns {Float32Array} (32)
 */
export function unpack(bytes) {
  const [scale, least] = [0, 2].map((at) => half(bytes[at] | (bytes[at + 1] << 8)));
  const steps = [...bytes.slice(4).map((byte) => byte & 15), ...bytes.slice(4).map((byte) => byte >> 4)];
  return Float32Array.from(steps, (step) => least + f32(scale * step));
}

/** To the nearest whole number; a half goes to the even one, as in PyTorch. */
function nearest(x) {
  const below = Math.floor(x);
  const rest = x - below;
  return rest === 0.5 ? below + Math.abs(below % 2) : rest < 0.5 ? below : below + 1;
}

/**
 * @param {Float32Array} numbers of one block @param {number} bits of a step
 * @returns {{least: number, scale: number, steps: number[], values: Float32Array}} `values`: what
 *   is left of the numbers
 */
export function rounded(numbers, bits) {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const scale = f32(f32(most - least) / (2 ** bits - 1));
  const steps = Array.from(numbers, (x) => (scale ? nearest(f32(f32(x - least) / scale)) : 0)); // all equal: no steps
  return { least, scale, steps, values: Float32Array.from(steps, (step) => least + f32(scale * step)) };
}

/** The length of the difference, as a share of the length; of all numbers but those left out. */
export function error(values, numbers, leftOut = -1) {
  const length = (at) => Math.hypot(...Array.from(numbers, (_, i) => (i === leftOut ? 0 : at(i))));
  return length((i) => values[i] - numbers[i]) / (length((i) => numbers[i]) || 1);
}
