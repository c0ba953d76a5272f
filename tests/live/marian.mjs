/** Reads a Marian file with the page's reader: of each tensor its shape and the sum of its sizes. */
import fs from "node:fs";

const { site, weights } = JSON.parse(fs.readFileSync(0, "utf8"));
const { readMarian } = await import(`file://${site}/engine/marian_file.js`);

const file = fs.readFileSync(weights);
const { tensors } = readMarian(file);
const result = {};
for (const [name, { type, shape, at, bytes, multiplier = 1 }] of tensors) {
  if (type === "text") continue;
  const place = file.subarray(at, at + bytes);
  const values = type === "I8" ? new Int8Array(place) : new Float32Array(new Uint8Array(place).buffer);
  let sum = 0;
  for (const value of values) sum += Math.abs(value) / multiplier;
  result[name] = { shape, sum };
}
process.stdout.write(JSON.stringify(result));
