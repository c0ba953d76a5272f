/**
 * An encoder–decoder that can learn: snippets/from_scratch/encoder_decoder.py with the way back.
 *
 * The way back goes through the same parts in the opposite order. Where a number went two ways, what
 * comes back on both is added.
 */
import { Attention } from "./attention.js";
import { Gelu, LayerNorm, Linear } from "./layers.js";
import { add, Room, shaped } from "./room.js";

/** Section 3.1: two sublayers in the encoder, three in the decoder; pre-norm. */
class Block {
  constructor(room, name, side, { width, inner, heads, scaled }) {
    const norm = (one) => new LayerNorm(room, `${name}.${one}_layer_norm`, width);
    const attention = (one) => new Attention(room, `${name}.${one}`, width, heads, scaled);
    [this.selfAttn, this.selfAttnLayerNorm] = [attention("self_attn"), norm("self_attn")];
    if (side === "decoder") [this.encoderAttn, this.encoderAttnLayerNorm] = [attention("encoder_attn"), norm("encoder_attn")];
    this.fc1 = new Linear(room, `${name}.fc1`, inner, width);
    this.gelu = new Gelu(room, inner);
    this.fc2 = new Linear(room, `${name}.fc2`, width, inner);
    this.finalLayerNorm = norm("final");
  }

  /** x becomes x + sublayer(norm(x)), in its place. */
  forward(x, seen, memory, memorySeen) {
    const normed = this.selfAttnLayerNorm.forward(x);
    add(x, this.selfAttn.forward(normed, normed, seen));
    if (memory) add(x, this.encoderAttn.forward(this.encoderAttnLayerNorm.forward(x), memory, memorySeen));
    const hidden = this.gelu.forward(this.fc1.forward(this.finalLayerNorm.forward(x)));
    return add(x, this.fc2.forward(hidden)); // equation (2)
  }

  /** What comes back through x + … goes on unchanged, and what comes out of the sublayer is added.
   *  @returns {States | undefined} ∂loss/∂memory; d has become ∂loss/∂x in its place */
  backward(d) {
    add(d, this.finalLayerNorm.backward(this.fc1.backward(this.gelu.backward(this.fc2.backward(d)))));
    let dMemory;
    if (this.encoderAttn) {
      const [dNormed, dSource] = this.encoderAttn.backward(d);
      add(d, this.encoderAttnLayerNorm.backward(dNormed));
      dMemory = dSource;
    }
    const [dX, dSource] = this.selfAttn.backward(d);
    add(d, this.selfAttnLayerNorm.backward(add(dX, dSource)));
    return dMemory;
  }
}

/** Tokens and positions become vectors (sections 3.4 and 3.5); then blocks, and a last norm. */
class Text {
  constructor(room, side, config) {
    this.embedTokens = room.parameter(`${side}.embed_tokens.weight`, config.vocabulary, config.width);
    this.embedPositions = room.parameter(`${side}.embed_positions.weight`, config.positions, config.width);
    this.layers = Array.from({ length: config.layers }, (_, i) => new Block(room, `${side}.layers.${i}`, side, config));
    this.layerNorm = new LayerNorm(room, `${side}.layer_norm`, config.width);
    this.x = room.states(config.width);
  }

  forward(ids, ...seenAndMemory) {
    const { x, embedTokens, embedPositions } = this;
    this.ids = ids;
    shaped(x, { batch: ids.length, length: ids[0].length });
    this.each((id, place, at) => {
      for (let i = 0; i < x.width; i++) x.data[at + i] = embedTokens.value.data[id * x.width + i] + embedPositions.value.data[place * x.width + i];
    });
    for (const layer of this.layers) layer.forward(x, ...seenAndMemory);
    return this.layerNorm.forward(x);
  }

  backward(dOut) {
    const { embedTokens, embedPositions } = this;
    const d = this.layerNorm.backward(dOut);
    let dMemory;
    for (const layer of this.layers.toReversed()) {
      const more = layer.backward(d);
      dMemory = dMemory && more ? add(dMemory, more) : more;
    }
    this.each((id, place, at) => {
      for (let i = 0; i < d.width; i++) {
        embedTokens.gradient.data[id * d.width + i] += d.data[at + i];
        embedPositions.gradient.data[place * d.width + i] += d.data[at + i];
      }
    });
    return dMemory;
  }

  /** Calls work(id, place, where its row begins) for each token of each text. */
  each(work) {
    const { width, length } = this.x;
    this.ids.forEach((text, b) => text.forEach((id, place) => work(id, place, (b * length + place) * width)));
  }
}

/** Figure 1 of the paper: the encoder reads, the decoder writes. */
export class EncoderDecoder {
  /** @param {{width: number, inner: number, heads: number, layers: number, vocabulary: number, positions: number,
   *    masked: boolean, scaled: boolean}} config */
  constructor(room, config) {
    Object.assign(this, { room, config });
    this.encoder = new Text(room, "encoder", config);
    this.decoder = new Text(room, "decoder", config);
    this.logits = room.states(config.vocabulary);
    this.dX = room.states(config.width);
  }

  /** Logits for what follows each of `ids`: (texts, letters, vocabulary). */
  forward(source, ids) {
    const letter = (text, t, s) => source[text][s] > 0; // padding is hidden
    const earlier = (text, t, s) => s <= t || !this.config.masked; // section 3.2.3
    const memory = this.encoder.forward(source, seen(source, source, letter));
    this.x = this.decoder.forward(ids, seen(ids, ids, earlier), memory, seen(ids, source, letter));
    return this.room.product(this.x, this.decoder.embedTokens.value, this.logits); // section 3.4: the same table
  }

  /** From ∂loss/∂logits, the gradients of all that is learned. */
  backward(dLogits) {
    for (const { gradient } of this.room.parameters.values()) gradient.data.fill(0);
    const table = this.decoder.embedTokens;
    this.room.productForW(dLogits, this.x, table.gradient); // more is added where the table is read
    const dMemory = this.decoder.backward(this.room.productForX(dLogits, table.value, this.dX));
    this.encoder.backward(dMemory);
  }

  /** The cross-attention of the last layer: (texts, heads, letters written, letters read). */
  get map() {
    return this.decoder.layers.at(-1).encoderAttn.map;
  }
}

/** Which keys each query may see: (texts, queries, keys). */
function seen(queries, keys, may) {
  const [asked, length] = [queries[0].length, keys[0].length];
  const made = new Uint8Array(keys.length * asked * length);
  for (let text = 0, at = 0; text < keys.length; text++) {
    for (let t = 0; t < asked; t++) for (let s = 0; s < length; s++) made[at++] = may(text, t, s);
  }
  return made;
}

/** Mean of −log p(right letter), and ∂loss/∂logits, which takes the place of the logits. */
export function crossEntropy(logits, targets) {
  const { data, width, length, batch } = logits;
  let loss = 0;
  targets.forEach((text, b) => text.forEach((right, t) => {
    const row = data.subarray((b * length + t) * width, (b * length + t + 1) * width);
    const largest = row.reduce((a, b) => Math.max(a, b));
    const sum = row.reduce((sum, x) => sum + Math.exp(x - largest), 0);
    loss -= (row[right] - largest - Math.log(sum)) / (batch * length);
    for (let i = 0; i < width; i++) row[i] = (Math.exp(row[i] - largest) / sum - (i === right)) / (batch * length);
  })); // prettier-ignore
  return loss;
}
