/**
 * The parts of an encoder–decoder in plain JavaScript, as in snippets/from_scratch/encoder_decoder.py.
 *
 * One thing is more general: keys and values of a source are computed once, and read by all the
 * queries to come.
 */
import { attention } from "./attention.js";

/** out = x Wᵀ + b, with W = bytes / multiplier: one multiplier for the whole matrix, where it has one. */
export class Linear {
  constructor(kernel, weight, bias) {
    Object.assign(this, { kernel, weight, bias: bias ?? new Float32Array(weight.shape[0]) });
  }

  forward(x, out, tokens) {
    const { kernel, weight, bias } = this;
    const scale = 1 / (weight.multiplier ?? 1);
    const { data, width } = out;
    kernel.multiply(x, weight, out, tokens);
    for (let t = 0, at = 0; t < tokens; t++) {
      for (let i = 0; i < width; i++, at++) data[at] = data[at] * scale + bias[i];
    }
  }
}

/** Section 3.2.2. `x` asks; a source answers: x too, or what the encoder made. */
export class Attention {
  constructor(heads, linear, keys, values) {
    Object.assign(this, { heads, keys, values });
    this.qProj = linear("q"); // W^Q
    this.kProj = linear("k"); // W^K
    this.vProj = linear("v"); // W^V
    this.outProj = linear("o"); // W^O
  }

  /** Keys and values of the source, for all the queries to come. */
  read(source, tokens) {
    this.kProj.forward(source, this.keys, tokens);
    this.vProj.forward(source, this.values, tokens);
    this.length = tokens;
  }

  /** Writes the change of x to room.change. @returns {Float32Array} the map: (heads, queries, keys) */
  forward(kernel, x, seen, room, tokens) {
    const { heads, keys, values, length } = this;
    const { query, mixed, row } = room;
    this.qProj.forward(x, query, tokens);
    const width = x.width / heads; // of a head
    const map = new Float32Array(heads * tokens * length);
    const weights = row.data.subarray(0, seen.slots.length);
    for (let head = 0; head < heads; head++) {
      const ofHead = (matrix) => ({ at: matrix.at + 4 * head * width, stride: 4 * matrix.width });
      for (let t = 0; t < tokens; t++) {
        const place = 4 * (t * x.width + head * width);
        const listed = { at: seen.at, count: weights.length }; // section 3.2.3: what is not listed is not seen
        attention(kernel, query.at + place, ofHead(keys), ofHead(values), listed, width, weights, mixed.at + place);
        const from = (head * tokens + t) * length;
        seen.slots.forEach((slot, j) => (map[from + slot] = weights[j]));
      }
    }
    this.outProj.forward(mixed, room.change, tokens);
    return map;
  }
}

/** Section 3.1: two sublayers in the encoder, three in the decoder. */
export class Block {
  constructor(selfAttn, encoderAttn, linear, norm) {
    Object.assign(this, { selfAttn, encoderAttn });
    this.selfAttnLayerNorm = norm(encoderAttn ? "rnn_ffn" : "self_Wo");
    if (encoderAttn) this.encoderAttnLayerNorm = norm("context_Wo");
    this.fc1 = linear("ffn", "1");
    this.fc2 = linear("ffn", "2");
    this.finalLayerNorm = norm("ffn_ffn");
  }

  /** Norm(x + Sublayer(x)): post-norm. What the sublayer gives beside its change comes back. */
  residual(x, norm, { change }, tokens, sublayer) {
    const more = sublayer();
    const [{ data: states }, { data: changes }] = [x, change];
    for (let i = 0; i < tokens * x.width; i++) states[i] += changes[i];
    norm.forward(x, tokens);
    return more;
  }

  feedForward(x, { inner, change }, tokens) {
    this.fc1.forward(x, inner, tokens); // (tokens, inner)
    const { data } = inner;
    for (let i = 0; i < tokens * inner.width; i++) data[i] = (data[i] + Math.abs(data[i])) / 2; // ReLU, equation (2)
    this.fc2.forward(inner, change, tokens);
  }

  /** In the encoder. */
  read(kernel, x, seen, room, tokens) {
    this.selfAttn.read(x, tokens);
    this.residual(x, this.selfAttnLayerNorm, room, tokens, () => this.selfAttn.forward(kernel, x, seen, room, tokens));
    this.residual(x, this.finalLayerNorm, room, tokens, () => this.feedForward(x, room, tokens));
  }

  /** In the decoder. */
  write(kernel, x, pasts, seen, room) {
    const tokens = pasts.length;
    const states = this.residual(x, this.selfAttnLayerNorm, room, tokens, () => this.selfAttn.forward(x, pasts, room));
    const map = this.residual(x, this.encoderAttnLayerNorm, room, tokens, () => this.encoderAttn.forward(kernel, x, seen, room, tokens));
    this.residual(x, this.finalLayerNorm, room, tokens, () => this.feedForward(x, room, tokens));
    return { states, map };
  }
}
