/** A model learns dates, step by step, as in snippets/from_scratch/train.py. */
import { Kernel } from "../engine/kernel.js";
import { random } from "../models/sampling.js";
import { Adam } from "./adam.js";
import { batchOf, HELD_OUT, LETTERS, LONGEST, shifted, START, task, WRITTEN } from "./dates.js";
import { crossEntropy, EncoderDecoder } from "./encoder_decoder.js";
import { Room } from "./room.js";
import { SIZES } from "./settings.js";

export class Training {
  /** @param {import("./settings.js").SETTINGS} settings @param {BufferSource[] | null} wasm as for Kernel.create */
  static async create(settings, wasm) {
    const { width, inner, batch } = SIZES[settings.size];
    const numbers = 2 * (LETTERS.length + 20 + inner + 1) * width + 14 * width * (width + 2) + 6 * width * inner;
    const kernel = await Kernel.create(Room.bytes(batch * LONGEST, width, inner, numbers), wasm);
    const config = { width, inner, layers: 1, vocabulary: LETTERS.length, positions: 20 };
    const room = new Room(kernel, batch * LONGEST, Math.max(inner, LETTERS.length));
    return new Training(room, new EncoderDecoder(room, { ...config, ...settings }), settings, batch);
  }

  constructor(room, model, settings, batch) {
    Object.assign(this, { room, model, settings, batch, done: 0 });
    this.chance = random(settings.seed);
    this.adam = new Adam(room.parameters);
    this.begin();
  }

  /** Where PyTorch and the program begin: small random matrices, norms that change nothing. */
  begin() {
    let before; // a bias is as small as its matrix is wide
    for (const [name, { value }] of this.room.parameters) {
      const { rows, width, data } = value;
      const bias = name.endsWith(".bias");
      const most = rows > 1 ? Math.sqrt(6 / (rows + width)) : 1 / Math.sqrt(before); // xavier_uniform_
      if (name.includes("layer_norm")) data.fill(bias ? 0 : 1);
      else data.forEach((_, i) => (data[i] = most * (2 * this.chance() - 1)));
      before = width;
    }
  }

  /** The size of the next step (section 5.3): warm up, then cool down. */
  get rate() {
    const { size, rate, steps } = this.settings;
    return rate * SIZES[size].rate * Math.min((this.done + 1) / 100, 1.02 - this.done / steps);
  }

  /** One step on dates drawn anew. @returns {number} the loss on them, before the step */
  step() {
    const drawn = Array.from({ length: this.batch }, () => task(this.chance));
    return this.learn(...[0, 1].map((side) => batchOf(drawn.map((one) => one[side]))));
  }

  learn(source, target) {
    const logits = this.model.forward(source, shifted(target)); // (texts, letters, ids)
    const loss = crossEntropy(logits, target);
    this.model.backward(logits);
    this.adam.step(this.rate);
    this.done++;
    return loss;
  }

  /**
   * Greedy decoding of dates, letter by letter.
   * @returns {{written: string[][], map: Float32Array}} its letters, and the cross-attention: (texts, heads, letters written, letters read)
   */
  write(dates) {
    const source = batchOf(dates);
    const ids = dates.map(() => [START]);
    for (let letter = 0; letter < WRITTEN; letter++) {
      const { data, width } = this.model.forward(source, ids);
      ids.forEach((text, b) => {
        const row = data.subarray(((b + 1) * text.length - 1) * width, (b + 1) * text.length * width);
        text.push(row.indexOf(row.reduce((a, b) => Math.max(a, b))));
      });
    }
    return { written: ids.map((text) => text.slice(1).map((id) => LETTERS[id])), map: this.model.map };
  }

  /** The three dates that it has never met. */
  look() {
    return this.write(HELD_OUT.map(([date]) => date));
  }
}
