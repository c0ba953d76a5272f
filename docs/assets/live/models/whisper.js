/**
 * Whisper in plain JavaScript: an encoder–decoder that hears, with its real pretrained weights.
 *
 * The same parts in the same order, with the same names, as in snippets/from_scratch/encoder_decoder.py;
 * the blocks are those of pre_norm.js.
 */
import { LayerNorm } from "./encoder.js";
import { Attention, Linear } from "./encoder_decoder.js";
import { AT_ONCE, Block, gelu, part, SelfAttention } from "./pre_norm.js";

export class Whisper {
  /** Bytes that the activations need, beside the weights. */
  static room({ d_model: width, encoder_ffn_dim: inner, decoder_layers: layers, vocab_size: ids, num_mel_bins: bands,
    max_source_positions: positions, max_target_positions: longest }) {
    const states = (4 + 2 * layers) * positions + 2 * layers * longest + 2 * (positions + 1) + 8 * AT_ONCE + 1;
    return 4 * (states * width + 2 * (positions + 1) * bands + AT_ONCE * (inner + positions) + 2 * positions * width + ids + 2 * positions) + 65536;
  } // prettier-ignore

  /**
   * @param {import("../engine/kernel.js").Kernel} kernel
   * @param {object} config config.json of the model, with what its generation_config.json adds
   * @param {{tensors: Map}} file what readGguf gave
   * @param {number} base where in the kernel's memory the file lies
   */
  constructor(kernel, config, file, base) {
    const { d_model: width, encoder_ffn_dim: inner, num_mel_bins: bands, max_source_positions: positions, max_target_positions: longest, vocab_size: ids } = config;
    const heads = config.decoder_attention_heads;
    Object.assign(this, { kernel, heads, positions, longest, config, layers: config.decoder_layers, start: [config.decoder_start_token_id, config.no_timestamps_token_id] });
    const vector = (name, size) => kernel.vector(file, base, name, size);
    const weight = (name, ...shape) => kernel.weight(file, base, `${name}.weight`, ...shape);
    const norm = (name) => new LayerNorm(vector(`${name}.weight`, width), vector(`${name}.bias`, width), 1e-5);
    const linear = (name, rows = width, columns = width) => {
      const bias = name.endsWith("k_proj") ? null : vector(`${name}.bias`, rows); // Whisper's keys have none
      return new Linear(kernel, weight(name, rows, columns), bias);
    };
    const matrix = (rows, columns = width) => kernel.matrix(rows, columns);
    const block = (name, attentions) => {
      const attends = (Kind, part, ...cache) => new Kind(heads, (kind) => linear(`${name}.${part}.${kind === "o" ? "out" : kind}_proj`), ...cache);
      const wide = { fc1: [inner, width], fc2: [width, inner] };
      return new Block(...attentions(attends), (part) => linear(`${name}.${part}`, ...wide[part]), (part) => norm(`${name}.${part}`));
    };
    const [keys, values] = [matrix(positions), matrix(positions)]; // each layer of the encoder writes over the last one's
    this.encoder = Array.from({ length: config.encoder_layers }, (_, i) =>
      block(`encoder.layers.${i}`, (attends) => [attends(SelfAttention, "self_attn", keys, values), null]));
    this.decoder = Array.from({ length: this.layers }, (_, i) => block(`decoder.layers.${i}`, (attends) => [
      attends(Attention, "self_attn", matrix(longest), matrix(longest)), attends(Attention, "encoder_attn", matrix(positions), matrix(positions)),
    ])); // prettier-ignore
    this.conv1 = linear("encoder.conv1", width, 3 * bands);
    this.conv2 = linear("encoder.conv2", width, 3 * width);
    this.norms = { encoder: norm("encoder.layer_norm"), decoder: norm("decoder.layer_norm") };
    this.embedTokens = weight("decoder.embed_tokens", ids, width);
    this.embedPositions = weight("decoder.embed_positions", longest, width);
    this.output = new Linear(kernel, this.embedTokens, null); // section 3.4: the same table
    // A frame of zeros stands before the first and after the last.
    Object.assign(this, { x: matrix(positions), token: matrix(1), frames: matrix(2 * positions + 2, bands), once: matrix(2 * positions + 2), out: matrix(1, ids) });
    this.room = {
      normed: matrix(AT_ONCE), change: matrix(AT_ONCE), query: matrix(1), mixed: matrix(1), inner: matrix(AT_ONCE, inner), queries: matrix(positions),
      three: matrix(AT_ONCE, 3 * width), row: matrix(AT_ONCE), scores: matrix(AT_ONCE, positions), ofHead: matrix(positions, width / heads), turned: matrix(width / heads, positions),
    }; // prettier-ignore
    this.slots = new Int32Array(kernel.buffer, kernel.allocate(4 * positions), positions);
    this.slots.forEach((_, i, slots) => (slots[i] = i));
  }

  /** A convolution over three frames: a product with rows that hold three frames each. */
  convolve({ linear, frames, stride, out }) {
    const { three } = this.room;
    const width = 3 * frames.width;
    for (let from = 0; from < out.rows; from += AT_ONCE) {
      const some = part(out, from, Math.min(AT_ONCE, out.rows - from));
      for (let t = 0; t < some.rows; t++) {
        const at = (from + t) * stride * frames.width;
        three.data.set(frames.data.subarray(at, at + width), t * width);
      }
      linear.forward({ at: three.at, width }, some, some.rows);
      gelu(some, some.rows);
    }
  }

  /**
   * Reads a sound: after this the decoder can write what was said. Each step is a part of the work;
   * with `steps` one can tell how much is done.
   * @param {Float32Array} features (frames, bands), what logMel gave
   */
  *listen(features) {
    const { kernel, frames, once, x, room } = this;
    frames.data.set(features, frames.width);
    this.convolve({ linear: this.conv1, frames, stride: 1, out: part(once, 1, once.rows - 2) }); // (frames, width)
    yield;
    this.convolve({ linear: this.conv2, frames: once, stride: 2, out: x }); // (frames / 2, width)
    const half = x.width / 2;
    for (let t = 0; t < x.rows; t++) {
      for (let i = 0; i < half; i++) {
        const angle = t * 10_000 ** (-i / (half - 1)); // sinusoids, section 3.5
        x.data[t * x.width + i] += Math.sin(angle);
        x.data[t * x.width + half + i] += Math.cos(angle);
      }
    }
    yield;
    for (const layer of this.encoder) yield* layer.read(kernel, x, room);
    this.norms.encoder.forward(x, x.rows);
    for (const { encoderAttn } of this.decoder) {
      encoderAttn.read(x, x.rows);
      yield;
    }
    this.known = 0; // tokens whose keys and values are kept
  }

  /** How many steps `listen` takes. */
  get steps() {
    return 2 + this.encoder.length * (this.heads + 1) + this.decoder.length;
  }

  /**
   * Logits of the token after `ids`; what may not be written there has none. The next call writes
   * over them. `looked` then has where the last of the ids looked: (layers × heads, positions).
   * @param {number[]} ids from the start tokens on; those of the call before and more
   */
  next(ids) {
    const { kernel, token, room, slots, out, norms, config } = this;
    if (ids.length > this.longest) throw new Error(`The text has ${ids.length} tokens; the model writes at most ${this.longest}.`);
    let maps;
    for (; this.known < ids.length; this.known++) {
      token.data.set(kernel.row(this.embedTokens, ids[this.known]));
      kernel.row(this.embedPositions, this.known).forEach((value, i) => (token.data[i] += value));
      maps = this.decoder.map((layer) => layer.write(kernel, token, this.known, slots, room));
    }
    this.looked = new Float32Array(maps.length * maps[0].length);
    maps.forEach((map, i) => this.looked.set(map, i * map.length));
    norms.decoder.forward(token, 1);
    this.output.forward(token, out, 1);
    for (const id of config.suppress_tokens) out.data[id] = -Infinity;
    if (ids.length === this.start.length) for (const id of config.begin_suppress_tokens) out.data[id] = -Infinity;
    return out.data;
  }
}
