/** Damages small files of all formats in many ways: each must be read, or refused by an Error, at once. */
import fs from "node:fs";

const { site, rounds } = JSON.parse(fs.readFileSync(0, "utf8"));
const { readGguf } = await import(`file://${site}/engine/gguf.js`);
const { readSafetensors } = await import(`file://${site}/engine/safetensors.js`);
const { readMarian } = await import(`file://${site}/engine/marian_file.js`);
const { random } = await import(`file://${site}/models/sampling.js`);

const u32 = (n) => Buffer.from(new Uint32Array([n]).buffer);
const u64 = (n) => Buffer.from(new BigUint64Array([BigInt(n)]).buffer);
const text = (s) => Buffer.concat([u64(Buffer.byteLength(s)), Buffer.from(s)]);

/** A GGUF file with a setting of most kinds, and three tensors. */
function smallGguf() {
  const settings = [
    [text("general.name"), u32(8), text("small")],
    [text("n"), u32(4), u32(3)],
    [text("f"), u32(6), u32(0x3f800000)],
    [text("b"), u32(7), Buffer.from([1])],
    [text("words"), u32(9), u32(8), u64(3), text("a"), text("bc"), text("")],
    [text("kinds"), u32(9), u32(5), u64(4), Buffer.alloc(16)],
  ];
  const tensors = [
    [text("a"), u32(2), u64(32), u64(2), u32(3), u64(0)], // Q4_1: 40 bytes
    [text("b"), u32(1), u64(8), u32(0), u64(64)], // F32: 32 bytes
    [text("c"), u32(2), u64(64), u64(1), u32(8), u64(96)], // Q8_0: 68 bytes
  ];
  const head = Buffer.concat([Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(settings.length), ...settings.flat(), ...tensors.flat()]);
  return Buffer.concat([head, Buffer.alloc((32 - (head.length % 32)) % 32), Buffer.alloc(164, 7)]);
}

function smallSafetensors() {
  const header = Buffer.from(
    JSON.stringify({ __metadata__: { format: "pt" }, a: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] }, b: { dtype: "F16", shape: [3], data_offsets: [16, 22] } }).padEnd(160),
  );
  return Buffer.concat([u64(header.length), header, Buffer.alloc(22)]);
}

/** A Marian file with a matrix of 8 bits and its multiplier, a vector, and a text. */
function smallMarian() {
  const tensors = [["W", 0x4101, [4, 2], 32], ["b", 0x404, [1, 4], 16], ["special:model.yml", 0x101, [8], 8]];
  const names = tensors.map(([name]) => Buffer.from(`${name}\0`));
  const headers = tensors.map(([, type, shape, bytes], i) => [u64(names[i].length), u64(type), u64(shape.length), u64(bytes)]);
  const shapes = tensors.map(([, , shape]) => Buffer.from(new Int32Array(shape).buffer));
  const head = Buffer.concat([u64(1), u64(tensors.length), ...headers.flat(), ...names, ...shapes]);
  const padding = 64 - ((head.length + 8) % 64);
  return Buffer.concat([head, u64(padding), Buffer.alloc(padding), Buffer.alloc(56, 7)]);
}

const chance = random(2026);
const below = (n) => Math.floor(chance() * n);
const extremes = [0, 1, 0x7f, 0x80, 0xff];
const damages = [
  (b) => b.subarray(0, below(b.length)),
  (b) => ((b[below(b.length)] = below(256)), b),
  (b) => ((b[below(b.length)] ^= 1 << below(8)), b),
  (b) => (b.fill(extremes[below(5)], ...[below(b.length), below(b.length)].sort((x, y) => x - y)), b),
  (b) => (u64(BigInt(Math.floor(chance() * 2 ** 53)) << BigInt(below(11))).copy(b, below(b.length)), b),
  (b) => Buffer.concat([b, Buffer.alloc(below(64))]),
  (b) => Buffer.from(Array.from({ length: below(200) }, () => below(256))),
];

const result = {};
for (const [name, read, whole] of [["gguf", readGguf, smallGguf()], ["safetensors", readSafetensors, smallSafetensors()], ["marian", readMarian, smallMarian()]]) {
  const counts = { whole: [...read(new Uint8Array(whole)).tensors.keys()], read: 0, refused: 0, slowest: 0, faults: [], messages: {} };
  for (let i = 0; i < rounds; i++) {
    let bytes = Buffer.from(whole);
    for (let n = below(3); n >= 0; n--) if (bytes.length) bytes = damages[below(damages.length)](bytes);
    const begin = process.cpuUsage(); // of the processor: a busy machine makes others wait
    try {
      const { tensors } = read(new Uint8Array(bytes));
      for (const { at, bytes: size } of tensors.values()) {
        if (!(at >= 0 && size >= 0 && at + size <= bytes.length)) counts.faults.push(`tensor outside the file in round ${i}`);
      }
      counts.read++;
    } catch (error) {
      counts.refused++;
      const kind = error.message.replace(/Tensor .* of the|Tensor .* does/s, "Tensor …").replace(/\d+/g, "N");
      counts.messages[kind] = (counts.messages[kind] ?? 0) + 1;
      if (error.constructor !== Error) counts.faults.push(`${error.name}: ${error.message}`);
    }
    const { user, system } = process.cpuUsage(begin); // microseconds
    counts.slowest = Math.max(counts.slowest, (user + system) / 1000);
  }
  result[name] = counts;
}
process.stdout.write(JSON.stringify(result));
