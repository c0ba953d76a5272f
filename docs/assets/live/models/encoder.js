/**
 * An encoder in plain JavaScript: MiniLM, a BERT, with its real pretrained weights.
 *
 * The same parts in the same order as in snippets/from_scratch/encoder.py; matrices are places in
 * the kernel's memory, and each part writes its result where it is told.
 */
import { attention } from "./attention.js";
import { erf } from "./erf.js";

/** Each vector gets mean 0 and variance 1, then a learned scale and shift. In place. */
export class LayerNorm {
  constructor(weight, bias, eps) {
    Object.assign(this, { weight, bias, eps });
  }

  forward(x, tokens) {
    const { weight, bias, eps } = this;
    for (let t = 0; t < tokens; t++) {
      const row = x.data.subarray(t * x.width, (t + 1) * x.width); // (width)
      let [mean, variance] = [0, 0];
      for (let i = 0; i < x.width; i++) mean += row[i];
      mean /= x.width;
      for (let i = 0; i < x.width; i++) variance += (row[i] - mean) ** 2;
      const scale = 1 / Math.sqrt(variance / x.width + eps);
      for (let i = 0; i < x.width; i++) row[i] = (row[i] - mean) * scale * weight[i] + bias[i];
    }
  }
}

/** out = x Wᵀ + b */
class Linear {
  constructor(kernel, weight, bias) {
    Object.assign(this, { kernel, weight, bias });
  }

  forward(x, out, tokens) {
    this.kernel.multiply(x, this.weight, out, tokens);
    for (let t = 0, at = 0; t < tokens; t++) {
      for (let i = 0; i < this.bias.length; i++, at++) out.data[at] += this.bias[i];
    }
  }
}

/** Section 3.2.2, multi-head attention: Concat(head_1, …, head_h) W^O. */
class SelfAttention {
  constructor(heads, linear) {
    this.heads = heads;
    this.query = linear("attention.self.query"); // the W_i^Q of all heads, side by side
    this.key = linear("attention.self.key"); // W_i^K
    this.value = linear("attention.self.value"); // W_i^V
    this.output = linear("attention.output.dense"); // W^O
  }

  /** Writes the change of x to room.change. @returns {Float32Array} the map: (heads, tokens, tokens) */
  forward(kernel, x, room, tokens) {
    const { query, key, value, mixed, row, slots } = room;
    this.query.forward(x, query, tokens); // (tokens, width)
    this.key.forward(x, key, tokens);
    this.value.forward(x, value, tokens);
    const width = x.width / this.heads; // of a head
    const map = new Float32Array(this.heads * tokens * tokens);
    const weights = row.data.subarray(0, tokens);
    for (let head = 0; head < this.heads; head++) {
      const at = 4 * head * width; // where the head's part of a row begins
      const keys = { at: key.at + at, stride: 4 * x.width };
      const values = { at: value.at + at, stride: 4 * x.width };
      const seen = { at: slots, count: tokens }; // no mask: every token sees every token
      for (let t = 0; t < tokens; t++) {
        const place = at + 4 * t * x.width;
        attention(kernel, query.at + place, keys, values, seen, width, weights, mixed.at + place);
        map.set(weights, (head * tokens + t) * tokens);
      }
    }
    this.hook?.(mixed, tokens); // models/inside.js hears what the heads hand on, and may change it
    this.output.forward(mixed, room.change, tokens); // Concat and W^O
    return map;
  }
}

/** Section 3.3, equation (2): each position alone, wider and back. */
class FeedForward {
  constructor(linear) {
    this.expand = linear("intermediate.dense"); // W_1 and b_1
    this.contract = linear("output.dense"); // W_2 and b_2
  }

  forward(x, room, tokens) {
    const inner = room.inner;
    this.expand.forward(x, inner, tokens); // (tokens, inner)
    for (let i = 0; i < tokens * inner.width; i++) {
      const value = inner.data[i];
      const below = (1 + erf(value / Math.SQRT2)) / 2; // P(a standard normal is below x)
      inner.data[i] = value * below; // GELU(x) = x P(…); the paper has ReLU
    }
    this.contract.forward(inner, room.change, tokens);
  }
}

/** Section 3.1: two sublayers, and LayerNorm(x + Sublayer(x)) around each. */
class Block {
  constructor(heads, linear, norm) {
    this.attention = new SelfAttention(heads, linear);
    this.attentionNorm = norm("attention.output.LayerNorm");
    this.feedForward = new FeedForward(linear);
    this.feedForwardNorm = norm("output.LayerNorm");
  }

  forward(kernel, x, room, tokens) {
    const add = () => {
      for (let i = 0; i < tokens * x.width; i++) x.data[i] += room.change.data[i];
    };
    const map = this.attention.forward(kernel, x, room, tokens);
    add();
    this.attentionNorm.forward(x, tokens); // post-norm: after the addition
    this.feedForward.forward(x, room, tokens);
    add();
    this.feedForwardNorm.forward(x, tokens);
    return map;
  }
}

/** Tokens and positions become vectors (3.4, 3.5), then the stack of section 3.1. */
export class Encoder {
  /** Bytes that the activations need, beside the weights. */
  static room({ hidden_size: width, intermediate_size: inner, max_position_embeddings: longest }) {
    return 4 * longest * (7 * width + inner + 2) + 65536;
  }

  /**
   * @param {import("../engine/kernel.js").Kernel} kernel
   * @param {object} config config.json of the model
   * @param {{tensors: Map}} file what readSafetensors gave
   * @param {number} base where in the kernel's memory the file lies
   */
  constructor(kernel, config, file, base) {
    const { hidden_size: width, intermediate_size: inner, num_attention_heads: heads } = config;
    this.kernel = kernel;
    this.longest = config.max_position_embeddings;
    this.heads = heads;
    const weight = (name, ...shape) => kernel.weight(file, base, `${name}.weight`, ...shape);
    const vector = (name, size) => kernel.vector(file, base, name, size);
    const norm = (name) => new LayerNorm(vector(`${name}.weight`, width), vector(`${name}.bias`, width), config.layer_norm_eps);
    this.tokens = weight("embeddings.word_embeddings", config.vocab_size, width);
    this.positions = weight("embeddings.position_embeddings", this.longest, width);
    this.segments = weight("embeddings.token_type_embeddings", 2, width);
    this.norm = norm("embeddings.LayerNorm");
    this.blocks = Array.from({ length: config.num_hidden_layers }, (_, i) => {
      const inBlock = (name) => `encoder.layer.${i}.${name}`;
      const linear = (name) => {
        const shape = { "intermediate.dense": [inner, width], "output.dense": [width, inner] }[name] ?? [width, width];
        return new Linear(kernel, weight(inBlock(name), ...shape), vector(`${inBlock(name)}.bias`, shape[0]));
      };
      return new Block(heads, linear, (name) => norm(inBlock(name)));
    });
    const matrix = (columns) => kernel.matrix(this.longest, columns);
    this.x = matrix(width);
    this.room = { query: matrix(width), key: matrix(width), value: matrix(width), mixed: matrix(width), change: matrix(width), inner: matrix(inner), row: matrix(1) };
    this.room.slots = kernel.allocate(4 * this.longest);
    new Int32Array(kernel.buffer, this.room.slots, this.longest).forEach((_, i, slots) => (slots[i] = i));
  }

  /**
   * @param {number[]} ids one sequence, with its special tokens
   * @param {number[]} segments 0 for tokens of the first text, 1 for tokens of the second
   * @returns {{states: Float32Array, maps: Float32Array[]}} the last hidden states (tokens, width),
   *   and of each layer the attention map (heads, tokens, tokens)
   */
  forward(ids, segments = ids.map(() => 0)) {
    const { kernel, x, room } = this;
    if (ids.length > this.longest) throw new Error(`The text has ${ids.length} tokens; the model takes at most ${this.longest}.`);
    ids.forEach((id, t) => {
      const state = x.data.subarray(t * x.width, (t + 1) * x.width);
      state.set(kernel.row(this.tokens, id));
      for (const added of [[this.positions, t], [this.segments, segments[t]]]) {
        kernel.row(...added).forEach((value, i) => (state[i] += value));
      }
    });
    this.norm.forward(x, ids.length);
    const maps = this.blocks.map((block) => block.forward(kernel, x, room, ids.length));
    return { states: x.data.slice(0, ids.length * x.width), maps };
  }

  /** The sentence as one vector: the mean of its tokens' states, of length 1. */
  vector(states) {
    const mean = new Float32Array(this.x.width);
    states.forEach((value, i) => (mean[i % mean.length] += value));
    const length = Math.hypot(...mean);
    return mean.map((value) => value / length);
  }
}
