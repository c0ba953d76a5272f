/**
 * The Firefox translator in plain JavaScript: an encoder–decoder with its real pretrained weights.
 *
 * The same changes in the same order, with the same names, as in
 * snippets/shared/from_scratch_translator.py; the parts are those of encoder_decoder.js. One thing
 * is more general: each position of the decoder brings the states of its own past, so that beams
 * go through it side by side. Who is whose past, translating.js knows.
 */
import { LayerNorm } from "./encoder.js";
import { Attention, Block, Linear } from "./encoder_decoder.js";

/** An SSRU in the place of masked self-attention: one vector remembers the past. */
class Recurrent {
  constructor(forget, candidate) {
    Object.assign(this, { forget, candidate });
  }

  /** @param {Float32Array[]} pasts the state before each position @returns those after it */
  forward(x, pasts, { query, mixed, change }) {
    this.forget.forward(x, query, pasts.length);
    this.candidate.forward(x, mixed, pasts.length);
    return pasts.map((past, t) => {
      const state = new Float32Array(x.width);
      for (let i = 0, at = t * x.width; i < x.width; i++, at++) {
        const forget = 1 / (1 + Math.exp(-query.data[at])); // sigmoid
        state[i] = forget * past[i] + (1 - forget) * mixed.data[at];
        change.data[at] = Math.max(state[i], 0);
      }
      return state;
    });
  }
}

/** Section 3.1 with five changes: post-norm, a recurrent unit, one table for both sides, a bias, √width. */
export class Translator {
  static most = 16; // positions of the decoder that go through it together

  /** Bytes that the activations need, beside the weights. */
  static room({ d_model: width, encoder_ffn_dim: inner, decoder_layers: layers, vocab_size: ids, max_position_embeddings: longest }) {
    return 4 * (longest * ((6 + 2 * layers) * width + inner + 3) + Translator.most * ids) + 65536;
  }

  /**
   * @param {import("../engine/kernel.js").Kernel} kernel
   * @param {object} config config.json of the model
   * @param {{tensors: Map}} file what readMarian gave
   * @param {number} base where in the kernel's memory the file lies
   */
  constructor(kernel, config, file, base) {
    const { d_model: width, encoder_ffn_dim: inner, max_position_embeddings: longest } = config;
    Object.assign(this, { kernel, longest, start: config.decoder_start_token_id, heads: config.decoder_attention_heads });
    const ids = this.start; // the start token is no row of the table: all of its numbers are zero
    const matrix = (columns) => kernel.matrix(longest, columns);
    const vector = (name, size) => kernel.vector(file, base, name, size);
    const [keys, values] = [matrix(width), matrix(width)]; // each layer of the encoder writes over the last one's
    const layer = (name, attentions) => {
      const norm = (part) => new LayerNorm(vector(`${name}_${part}_ln_scale`, width), vector(`${name}_${part}_ln_bias`, width), 1e-5);
      const linear = (part, kind, biased = true) => {
        const shape = { 1: [inner, width], 2: [width, inner] }[kind] ?? [width, width];
        const weight = kernel.weight(file, base, `${name}_${part}_W${kind}`, ...shape);
        return new Linear(kernel, weight, biased ? vector(`${name}_${part}_b${kind}`, shape[0]) : null);
      };
      return new Block(...attentions(linear), linear, norm);
    };
    const attends = (part, linear, ...cache) => new Attention(this.heads, (kind) => linear(part, kind), ...cache);
    const layers = (side, count, attentions) => Array.from({ length: count }, (_, i) => layer(`${side}_l${i + 1}`, attentions));
    this.encoder = layers("encoder", config.encoder_layers, (linear) => [attends("self", linear, keys, values), null]);
    this.decoder = layers("decoder", config.decoder_layers, (linear) => [
      new Recurrent(linear("rnn", "f"), linear("rnn", "", false)), attends("context", linear, matrix(width), matrix(width)),
    ]); // prettier-ignore
    this.embedTokens = kernel.weight(file, base, "Wemb", ids, width);
    const bias = vector("decoder_ff_logit_out_b", ids);
    bias[1] = -1e9; // the unknown token is never written
    this.output = new Linear(kernel, this.embedTokens, bias);
    this.x = matrix(width);
    this.room = { query: matrix(width), mixed: matrix(width), change: matrix(width), inner: matrix(inner), row: matrix(1) };
    this.seen = { source: kernel.allocate(4 * longest), target: kernel.allocate(4 * longest) };
    this.out = kernel.matrix(Translator.most, ids);
  }

  /** Section 3.4: embeddings times √width, and then the sinusoids of section 3.5. */
  embed(id, place, t) {
    const { kernel, embedTokens, x } = this;
    const state = x.data.subarray(t * x.width, (t + 1) * x.width).fill(0);
    const half = x.width / 2;
    if (id !== this.start) {
      const scale = Math.sqrt(x.width) / embedTokens.multiplier;
      kernel.row(embedTokens, id).forEach((value, i) => (state[i] = value * scale));
    }
    for (let i = 0; i < half; i++) {
      const angle = place * 10_000 ** (-i / (half - 1)); // the last wave of Marian's is 10,000 long
      state[i] += Math.sin(angle);
      state[half + i] += Math.cos(angle);
    }
  }
  /** Reads a source: after this the decoder can write what belongs to it. @param {number[]} ids */
  encode(ids) {
    const { kernel, x, room, seen } = this;
    if (ids.length > this.longest) throw new Error(`The text has ${ids.length} pieces; the model takes at most ${this.longest}.`);
    ids.forEach((id, t) => this.embed(id, t, t));
    const everything = this.list(seen.source, ids.map((_, t) => t));
    for (const layer of this.encoder) layer.read(kernel, x, everything, room, ids.length);
    for (const { encoderAttn } of this.decoder) encoderAttn.read(x, ids.length);
  }

  /**
   * Positions of the decoder, side by side; each has its own past.
   * @param {{id: number, place: number, past: Float32Array[]}[]} positions at most Translator.most;
   *   `past`: a state for each layer, as it was after the position before
   * @param {number[]} sourceSeen which pieces of the source may be looked at
   * @returns {{states: Float32Array[][], maps: Float32Array[]}} of each layer the states after each
   *   position, and the cross-attention (heads, positions, source)
   */
  decode(positions, sourceSeen) {
    const { kernel, x, room, seen } = this;
    positions.forEach(({ id, place }, t) => this.embed(id, place, t));
    const listed = this.list(seen.target, sourceSeen);
    const told = this.decoder.map((layer, i) => layer.write(kernel, x, positions.map(({ past }) => past[i]), listed, room));
    return { states: told.map(({ states }) => states), maps: told.map(({ map }) => map) };
  }

  /** Logits (ids) after each of the positions of the last `decode`. The next call writes over them. */
  logits(count) {
    const { x, out } = this;
    this.output.forward(x, out, count); // section 3.4: the same table
    return Array.from({ length: count }, (_, t) => out.data.subarray(t * out.width, (t + 1) * out.width));
  }

  /** A list of slots in the kernel's memory, for attention. */
  list(at, slots) {
    new Int32Array(this.kernel.buffer, at, slots.length).set(slots);
    return { at, slots };
  }
}
