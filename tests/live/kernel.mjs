/** Runs the kernel's functions in Node, in WebAssembly and in plain JavaScript, on the same numbers. */
import fs from "node:fs";

const task = JSON.parse(fs.readFileSync(0, "utf8"));
const { Kernel } = await import(`file://${task.site}/engine/kernel.js`);

/** Numbers that look random, between -1 and 1, the same each time. */
function numbers(count, seed) {
  let state = seed;
  return Float32Array.from({ length: count }, () => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 31 - 1));
}

// rows, width, bytes of 32 numbers; 24 rows go together, so of 28 four are left over
const SHAPES = { Q4_1: [28, 576, 20], Q8_0: [32, 576, 34], I8: [32, 1536, 32] };

async function results(binaries) {
  const kernel = await Kernel.create(1 << 20, binaries);
  if (kernel.fast !== Boolean(binaries)) throw new Error("the kernel was not what was asked for");
  const told = {};
  for (const [type, [rows, width, bytes]] of Object.entries(SHAPES)) {
    const at = kernel.allocate((rows * width * bytes) / 32);
    const file = new Uint8Array(kernel.buffer, at, (rows * width * bytes) / 32);
    numbers(file.length, 7).forEach((value, i) => (file[i] = 128 + 128 * value));
    if (type === "I8") file.fill(129, 0, width); // -127 all along
    // Scales and least values are float16 near 0.01: 0x2100 to 0x21FF.
    else for (let i = 0; i < file.length; i += bytes) for (let half = 1; half < (type === "Q4_1" ? 4 : 2); half += 2) file[i + half] = 0x21;
    const x = kernel.matrix(6, width);
    x.data.set(numbers(6 * width, 3).map((value) => value ** 9)); // a few large ones, many small ones
    x.data.fill(2, 0, width); // as large as can be: what is summed as whole numbers is, too
    x.data.fill(0, width, 2 * width);
    const out = kernel.matrix(6, rows);
    for (const [first, positions] of [[0, 1], [1, 1], [2, 1], [0, 6]]) {
      kernel.multiply({ at: x.at + 4 * first * width, width }, { type, shape: [rows, width], at }, out, positions);
      told[`${type} ${first} ${positions}`] = [...out.data.subarray(0, positions * rows)];
    }
  }
  for (const rows of [4, 30]) {
    try {
      kernel.multiply(kernel.matrix(1, 32), { type: "Q8_0", shape: [rows, 32], at: 0 }, kernel.matrix(1, rows), 1);
    } catch (error) {
      told[`refused ${rows}`] = error.message;
    }
  }
  const [gate, up] = [kernel.matrix(1, 512), kernel.matrix(1, 512)];
  const fill = ({ data }, times) => data.set(numbers(data.length, 5).map((value) => times * value));
  fill(gate, 120);
  fill(up, 1);
  kernel.products.gate(gate.at, up.at, 512);
  told.gate = [...gate.data];
  for (const count of [1, 5, 6, 7, 512]) {
    fill(gate, 20);
    told[`sum ${count}`] = [kernel.logSum(gate.data.subarray(0, count))];
    fill(gate, 20);
    kernel.products.softmax(gate.at, count, 0.5);
    told[`softmax ${count}`] = [...gate.data.subarray(0, count)];
  }
  return told;
}

const read = async (path) => {
  if (path.includes("fused") && task.kernel !== "fused") throw new Error("as in an old browser");
  return fs.readFileSync(`${task.site}/${path}`);
};
console.log(JSON.stringify({ fast: await results(await Kernel.fetch(read)), plain: await results(null) }));
