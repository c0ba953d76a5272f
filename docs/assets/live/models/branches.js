/**
 * Texts that share beginnings share the KV cache: a tree of tokens, each computed once.
 *
 * A token's keys and values lie in a slot, and what the token sees is the list of slots from the
 * first token to itself. So nothing is copied when a beam splits, when the reader steps back, or
 * when another branch is tried. When all slots are taken, the tree is forgotten and begun anew.
 */
import { Decoder } from "./decoder.js";

/** @typedef {{slot: number, children: Map<number, Node>}} Node */

class Full extends Error {}

export class Branches {
  constructor(/** @type {Decoder} */ decoder) {
    this.decoder = decoder;
    this.clear();
  }

  /** Forgets every text. */
  clear() {
    this.root = { slot: -1, children: new Map() };
    this.used = 0;
  }

  /**
   * Logits of the token after each text, and the attention of the last text's last token.
   * The next call writes over the logits.
   * @param {number[][]} texts ids of each, at most Decoder.mostLogits texts
   * @returns {{logits: Float32Array[], maps?: Float32Array[]}} a map (heads, 1, tokens) a layer
   */
  next(texts, { attentions = false } = {}) {
    return this.#withRoom(texts, () => {
      const lasts = texts.map((ids) => this.#read(ids, ids.length - 1));
      const maps = this.#compute(lasts, attentions);
      return { logits: this.decoder.logits(0, texts.length), maps };
    });
  }

  /** Log-probability of each token of a text, from number `start` on (at least 1). */
  score(ids, start) {
    return this.#withRoom([ids], () => {
      const scores = new Float32Array(ids.length - start);
      const { most, mostLogits } = Decoder;
      this.#read(ids, start - 1);
      for (let at = start - 1; at < ids.length - 1; at += most) {
        const end = Math.min(at + most, ids.length - 1);
        const places = [];
        for (let i = at; i < end; i++) places.push(this.#place(ids, i));
        this.#compute(places, false);
        for (let i = at; i < end; i += mostLogits) {
          const logits = this.decoder.logits(i - at, Math.min(mostLogits, end - i));
          logits.forEach((row, t) => (scores[i + t + 1 - start] = logProbability(row, ids[i + t + 1])));
        }
      }
      return scores;
    });
  }

  /** Computes what is not yet cached of the first `count` tokens; says where the next belongs. */
  #read(ids, count) {
    let node = this.root;
    let known = 0;
    while (known < count && node.children.has(ids[known])) node = node.children.get(ids[known++]);
    for (let at = known; at < count; at += Decoder.most) {
      const places = [];
      for (let i = at; i < Math.min(at + Decoder.most, count); i++) places.push(this.#place(ids, i));
      this.#compute(places, false);
    }
    return this.#place(ids, count);
  }

  /** Token number `index` of a text: its slot (a new one if it has none) and those before it. */
  #place(ids, index) {
    const path = new Int32Array(index + 1);
    let node = this.root;
    for (let i = 0; i <= index; i++) {
      let child = node.children.get(ids[i]);
      if (!child) {
        if (this.used === Decoder.context) throw new Full();
        child = { slot: this.used++, children: new Map() };
        node.children.set(ids[i], child);
      }
      path[i] = child.slot;
      node = child;
    }
    return { id: ids[index], path };
  }

  #compute(places, attentions) {
    return this.decoder.forward(places, attentions);
  }

  /** Runs `work`; if slots run out on the way, once more with an empty tree. */
  #withRoom(texts, work) {
    const { context } = Decoder;
    if (texts.some(({ length }) => length > context)) throw new Error(`The text has more than ${context} tokens: too long for this page.`);
    if (texts.some(({ length }) => !length)) throw new Error("The text is empty: the model needs a token to start from.");
    try {
      return work();
    } catch (error) {
      this.clear(); // some slots may be claimed but not computed
      if (!(error instanceof Full)) throw error;
    }
    try {
      return work();
    } catch (error) {
      this.clear();
      throw error instanceof Full ? new Error("The texts together are too long for this page.") : error;
    }
  }
}

/** log softmax(logits)[id] */
export function logProbability(logits, id) {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - largest);
  return logits[id] - largest - Math.log(sum);
}
