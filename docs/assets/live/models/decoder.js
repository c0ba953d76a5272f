/**
 * A decoder in plain JavaScript: SmolLM2, a Llama, with its real pretrained weights.
 *
 * The same parts in the same order, with the same names, as in snippets/from_scratch/decoder.py.
 * One thing is more general: each position brings the list of its cached tokens, so that texts
 * with the same beginning can share a KV cache. Who is whose beginning, branches.js knows.
 */
import { attention } from "./attention.js";
import { angles, rotate } from "./rotary.js";

/** A layer norm that leaves the mean alone and has no shift. */
class RMSNorm {
  constructor(weight, eps) {
    Object.assign(this, { weight, eps });
  }

  forward(x, out, tokens) {
    const { weight, eps } = this;
    const width = weight.length;
    for (let t = 0, at = 0; t < tokens; t++, at += width) {
      const from = x.data.subarray(at, at + width);
      const to = out.data.subarray(at, at + width);
      let sum = 0;
      for (let i = 0; i < width; i++) sum += from[i] * from[i];
      const scale = 1 / Math.sqrt(sum / width + eps);
      for (let i = 0; i < width; i++) to[i] = from[i] * scale * weight[i];
    }
  }
}

/** Section 3.2.2, but several query heads share one key head and one value head. */
class SelfAttention {
  constructor(kernel, config, weight, context) {
    const { hidden_size: width, num_attention_heads: heads, num_key_value_heads: shared } = config;
    this.heads = heads;
    this.sharing = heads / shared; // so many query heads use one key head
    this.headWidth = width / heads;
    this.qProj = weight("attn_q", width, width); // W^Q
    this.kProj = weight("attn_k", shared * this.headWidth, width); // W^K
    this.vProj = weight("attn_v", shared * this.headWidth, width); // W^V
    this.oProj = weight("attn_output", width, width); // W^O
    this.keys = kernel.matrix(context, shared * this.headWidth); // the KV cache of this layer
    this.values = kernel.matrix(context, shared * this.headWidth);
  }

  /** @returns {Float32Array | undefined} the last position's map (heads, 1, tokens), if wanted */
  forward(kernel, positions, room, wanted) {
    const { heads, headWidth, keys, values } = this;
    const { normed, query, key, value, mixed, row } = room;
    kernel.multiply(normed, this.qProj, query, positions.length); // (positions, width)
    kernel.multiply(normed, this.kProj, key, positions.length); // (positions, shared heads)
    kernel.multiply(normed, this.vProj, value, positions.length);
    positions.forEach(({ angles: turns, slot }, t) => {
      rotate(query.data.subarray(t * query.width, (t + 1) * query.width), headWidth, turns);
      const newKey = key.data.subarray(t * key.width, (t + 1) * key.width);
      rotate(newKey, headWidth, turns);
      keys.data.set(newKey, slot * key.width); // into the cache, where later tokens find it
      values.data.set(value.data.subarray(t * key.width, (t + 1) * key.width), slot * key.width);
    });
    let map;
    positions.forEach(({ seen }, t) => {
      const weights = row.data.subarray(0, seen.count);
      const keep = wanted && t === positions.length - 1;
      if (keep) map = new Float32Array(heads * seen.count);
      for (let head = 0; head < heads; head++) {
        const shared = 4 * headWidth * Math.floor(head / this.sharing); // groups of neighbors
        const place = 4 * (t * query.width + head * headWidth);
        const ofHead = ({ at, width }) => ({ at: at + shared, stride: 4 * width });
        attention(kernel, query.at + place, ofHead(keys), ofHead(values), seen, headWidth, weights, mixed.at + place);
        if (keep) map.set(weights, head * seen.count);
      }
    });
    this.hook?.(mixed, positions.length); // models/inside.js hears what the heads hand on, and may change it
    kernel.multiply(mixed, this.oProj, room.change, positions.length);
    return map;
  }
}

/** SwiGLU in the place of equation (2): a gate says how much of a number passes. */
class FeedForward {
  constructor({ hidden_size: width, intermediate_size: inner }, weight) {
    this.gateProj = weight("ffn_gate", inner, width);
    this.upProj = weight("ffn_up", inner, width);
    this.downProj = weight("ffn_down", width, inner);
  }

  forward(kernel, tokens, { normed, gate, up, change }) {
    kernel.multiply(normed, this.gateProj, gate, tokens); // (tokens, inner)
    kernel.multiply(normed, this.upProj, up, tokens);
    kernel.products.gate(gate.at, up.at, tokens * gate.width); // gate · sigmoid(gate) · up
    kernel.multiply(gate, this.downProj, change, tokens);
  }
}

/** Section 3.1 with the norm inside, x + Sublayer(Norm(x)): this is pre-norm. */
class Block {
  constructor(kernel, config, weight, norm, context) {
    this.inputLayernorm = norm("attn_norm");
    this.selfAttn = new SelfAttention(kernel, config, weight, context);
    this.postAttentionLayernorm = norm("ffn_norm");
    this.mlp = new FeedForward(config, weight);
  }

  forward(kernel, x, positions, room, wanted) {
    const tokens = positions.length;
    const add = () => {
      for (let i = 0; i < tokens * x.width; i++) x.data[i] += room.change.data[i];
    };
    this.inputLayernorm.forward(x, room.normed, tokens);
    const map = this.selfAttn.forward(kernel, positions, room, wanted);
    add(); // pre-norm: nothing stands in the way of x itself
    this.postAttentionLayernorm.forward(x, room.normed, tokens);
    this.mlp.forward(kernel, tokens, room);
    add();
    return map;
  }
}

/** Embeddings, the stack, one last norm, and logits for the next token. */
export class Decoder {
  /** Tokens that the cache holds, of all branches together. */
  static context = 2048;
  /** Positions that go through the model together, and those that become logits together. */
  static most = 128;
  static mostLogits = 16;

  /** Bytes that cache and activations need, beside the weights. */
  static room(config) {
    const { hidden_size: width, intermediate_size: inner, vocab_size: ids } = config;
    const cached = (2 * width * config.num_key_value_heads) / config.num_attention_heads;
    const cache = config.num_hidden_layers * Decoder.context * cached;
    const activations = Decoder.most * (7 * width + 2 * inner + Decoder.context) + Decoder.context;
    return 4 * (cache + activations + Decoder.mostLogits * ids) + 65536;
  }

  /**
   * @param {import("../engine/kernel.js").Kernel} kernel
   * @param {object} config config.json of the model
   * @param {{tensors: Map}} file what readGguf gave
   * @param {number} base where in the kernel's memory the file lies
   */
  constructor(kernel, config, file, base) {
    const { hidden_size: width, intermediate_size: inner } = config;
    this.kernel = kernel;
    /** Who looks inside is told: state(layers done, x, tokens), as models/inside.js does. */
    this.hooks = {};
    this.headWidth = width / config.num_attention_heads;
    this.theta = config.rope_parameters.rope_theta;
    const norm = (name) => new RMSNorm(kernel.vector(file, base, `${name}.weight`, width), config.rms_norm_eps);
    const weight = (name, ...shape) => kernel.weight(file, base, `${name}.weight`, ...shape);
    this.embedTokens = weight("token_embd", config.vocab_size, width);
    this.layers = Array.from({ length: config.num_hidden_layers }, (_, i) => {
      const inLayer = (make) => (name, ...shape) => make(`blk.${i}.${name}`, ...shape);
      return new Block(kernel, config, inLayer(weight), inLayer(norm), Decoder.context);
    });
    this.norm = norm("output_norm");
    const matrix = (columns) => kernel.matrix(Decoder.most, columns);
    const keys = this.layers[0].selfAttn.keys.width;
    this.x = matrix(width);
    this.room = { normed: matrix(width), query: matrix(width), key: matrix(keys), value: matrix(keys), mixed: matrix(width), change: matrix(width), gate: matrix(inner), up: matrix(inner), row: kernel.matrix(1, Decoder.context) };
    this.slots = kernel.allocate(4 * Decoder.most * Decoder.context);
    this.out = kernel.matrix(Decoder.mostLogits, config.vocab_size);
  }

  /**
   * Positions through the stack; their keys and values stay in the cache. The states stay in x.
   * @param {{id: number, path: Int32Array}[]} nodes `path`: slots from the first token to this
   * @returns {Float32Array[] | undefined} a map (heads, 1, tokens) of each layer, if wanted
   */
  forward(nodes, wanted = false) {
    const { kernel, x } = this;
    const positions = nodes.map(({ id, path }, t) => {
      x.data.set(kernel.row(this.embedTokens, id), t * x.width);
      const at = this.slots + 4 * t * Decoder.context;
      new Int32Array(kernel.buffer, at, path.length).set(path);
      // Section 3.2.3, causal: a query sees the keys up to its own position.
      return { slot: path.at(-1), angles: angles(path.length - 1, this.headWidth, this.theta), seen: { at, count: path.length } };
    });
    const maps = this.layers.map((layer, i) => {
      this.hooks.state?.(i, x, positions.length);
      return layer.forward(kernel, x, positions, this.room, wanted);
    });
    this.hooks.state?.(maps.length, x, positions.length);
    return wanted ? maps : undefined;
  }

  /** Logits (ids) of each of the `count` positions of the last `forward` from number `from` on.
   *  They lie in the kernel's memory, and the next call writes over them. */
  logits(from, count) {
    const { x, out, room } = this;
    const states = { width: x.width, data: x.data.subarray(from * x.width) };
    this.norm.forward(states, room.normed, count);
    // Section 3.4: the embedding table is used again, as the last matrix (tied).
    this.kernel.multiply(room.normed, this.embedTokens, out, count); // (count, ids)
    return Array.from({ length: count }, (_, t) => out.data.subarray(t * out.width, (t + 1) * out.width));
  }
}
