/**
 * Pre-norm blocks in plain JavaScript, as in snippets/from_scratch/encoder_decoder.py, for Whisper.
 *
 * The encoder's 1,500 positions go through a block some at a time, so that they stay in the
 * processor's cache. In the decoder one token comes after the other, and finds the keys and values
 * of those before.
 */
import { Attention } from "./encoder_decoder.js";
import { erf } from "./erf.js";

export const AT_ONCE = 100; // positions of the encoder

/** Some rows of a matrix, as a matrix. */
export const part = ({ at, width, data }, from, rows) =>
  ({ at: at + 4 * from * width, rows, width, data: data.subarray(from * width, (from + rows) * width) }); // prettier-ignore

/** GELU(x) = x times the probability that a standard normal is below x. In place. */
export function gelu(x, rows) {
  for (let i = 0; i < rows * x.width; i++) x.data[i] *= (1 + erf(x.data[i] / Math.SQRT2)) / 2;
}

/** The encoder's self-attention: all queries of a head together, as two products of matrices.
 *  Of a sound there are 1,500 positions: a multiple of four, so softmax writes into no other row. */
export class SelfAttention extends Attention {
  /** Writes over `queries` what the heads have mixed. One step a head. */
  *mix(kernel, queries, { ofHead, turned, row, scores }) {
    const { keys, values, heads } = this;
    const [positions, width] = [keys.rows, keys.width / heads]; // of a head
    const take = (from, head, to) => {
      for (let t = 0; t < from.rows; t++) to.set(from.data.subarray(t * from.width + head * width, t * from.width + (head + 1) * width), t * width);
    };
    for (let head = 0; head < heads; head++) {
      take(keys, head, ofHead.data); // (positions, width of a head)
      for (let t = 0; t < positions; t++) {
        for (let i = 0; i < width; i++) turned.data[i * positions + t] = values.data[t * values.width + head * width + i];
      }
      for (let from = 0; from < positions; from += AT_ONCE) {
        const some = part(queries, from, Math.min(AT_ONCE, positions - from));
        take(some, head, row.data);
        kernel.products.product(ofHead.at, positions, row.at, some.rows, width, scores.at, 4 * positions);
        for (let t = 0; t < some.rows; t++) kernel.products.softmax(scores.at + 4 * t * positions, positions, 1 / Math.sqrt(width));
        kernel.products.product(turned.at, width, scores.at, some.rows, positions, some.at + 4 * head * width, 4 * some.width);
      }
      yield;
    }
  }
}

/** Section 3.1: two sublayers in the encoder, three in the decoder. */
export class Block {
  constructor(selfAttn, encoderAttn, linear, norm) {
    Object.assign(this, { selfAttn, encoderAttn });
    this.selfAttnLayerNorm = norm("self_attn_layer_norm");
    if (encoderAttn) this.encoderAttnLayerNorm = norm("encoder_attn_layer_norm");
    this.fc1 = linear("fc1");
    this.fc2 = linear("fc2");
    this.finalLayerNorm = norm("final_layer_norm");
  }

  /** x + Sublayer(Norm(x)): pre-norm. What the sublayer gives beside its change comes back. */
  residual(x, norm, room, sublayer) {
    const { normed, change } = room;
    normed.data.set(x.data);
    norm.forward(normed, x.rows);
    const more = sublayer(normed);
    for (let i = 0; i < x.data.length; i++) x.data[i] += change.data[i];
    return more;
  }

  feedForward(x, { inner, change }, tokens) {
    this.fc1.forward(x, inner, tokens); // (tokens, inner)
    gelu(inner, tokens);
    this.fc2.forward(inner, change, tokens);
  }

  /** In the encoder. */
  *read(kernel, x, room) {
    const { qProj, kProj, vProj, outProj, keys, values } = this.selfAttn;
    const { normed, change, queries } = room;
    const some = [];
    for (let from = 0; from < x.rows; from += AT_ONCE) some.push([from, Math.min(AT_ONCE, x.rows - from)]);
    for (const [from, count] of some) {
      normed.data.set(part(x, from, count).data);
      this.selfAttnLayerNorm.forward(normed, count);
      for (const [project, into] of [[qProj, queries], [kProj, keys], [vProj, values]]) project.forward(normed, part(into, from, count), count);
    }
    yield* this.selfAttn.mix(kernel, queries, room);
    for (const [from, count] of some) {
      const now = part(x, from, count);
      outProj.forward(part(queries, from, count), change, count);
      for (let i = 0; i < now.data.length; i++) now.data[i] += change.data[i];
      this.residual(now, this.finalLayerNorm, room, (normed) => this.feedForward(normed, room, count));
    }
    yield;
  }

  /** In the decoder, one token. @returns {Float32Array} where it looks in the source: (heads, positions) */
  write(kernel, x, place, slots, room) {
    const { selfAttn, encoderAttn } = this;
    const seen = (count) => ({ at: slots.byteOffset, slots: slots.subarray(0, count) });
    this.residual(x, this.selfAttnLayerNorm, room, (normed) => {
      selfAttn.kProj.forward(normed, part(selfAttn.keys, place, 1), 1);
      selfAttn.vProj.forward(normed, part(selfAttn.values, place, 1), 1);
      selfAttn.length = place + 1;
      selfAttn.forward(kernel, normed, seen(place + 1), room, 1); // section 3.2.3: nothing later is there
    });
    const map = this.residual(x, this.encoderAttnLayerNorm, room, (normed) => encoderAttn.forward(kernel, normed, seen(encoderAttn.length), room, 1));
    this.residual(x, this.finalLayerNorm, room, (normed) => this.feedForward(normed, room, 1));
    return map;
  }
}
