/**
 * Translations of one source that share beginnings: a tree of pieces, each computed once.
 *
 * What the decoder carries from piece to piece is one state a layer (marian.js). A node keeps
 * those, and where its query looked; so nothing is computed again when a beam splits.
 */
import { Translator } from "./marian.js";

/** @typedef {{states: Float32Array[], maps: Float32Array[], children: Map<number, Node>}} Node */

export class Translating {
  constructor(/** @type {Translator} */ translator) {
    this.translator = translator;
    const { start, heads, decoder } = translator;
    Object.assign(this, { start, heads, layers: decoder.length });
  }

  /**
   * Reads a source, and forgets what was written for the one before.
   * @param {number[]} ids with the end token @param {number[]} hidden places of pieces that the
   *   decoder may not look at; the encoder has read them all the same
   */
  read(ids, hidden = []) {
    const { translator } = this;
    this.sourceSeen = ids.map((_, place) => place).filter((place) => !hidden.includes(place));
    if (!this.sourceSeen.length) throw new Error("All of the source is hidden: leave one piece to look at.");
    translator.encode(ids);
    const nothing = translator.decoder.map(() => new Float32Array(translator.x.width));
    this.root = { states: nothing, maps: [], children: new Map() };
  }

  /**
   * Logits of the piece after each text. The next call writes over them.
   * @param {number[][]} texts what was written, from the start token on; at most Translator.most
   */
  next(texts) {
    this.#compute(texts.map((ids) => this.#before(ids)));
    return this.translator.logits(texts.length);
  }

  /** Where the queries of a text's pieces looked: a map (heads, pieces, source) of each layer. */
  looked(ids) {
    let node = this.root;
    const rows = ids.map((id) => (node = node.children.get(id)).maps); // each: (heads, 1, source) a layer
    return Array.from({ length: this.layers }, (_, layer) => {
      const source = rows[0][layer].length / this.heads;
      const map = new Float32Array(this.heads * ids.length * source);
      for (let head = 0; head < this.heads; head++) {
        rows.forEach((row, t) => map.set(row[layer].subarray(head * source, (head + 1) * source), (head * ids.length + t) * source));
      }
      return map;
    });
  }

  /** The node before the last piece of a text; what is missing on the way is computed. */
  #before(ids) {
    let parent = this.root;
    ids.slice(0, -1).forEach((id, place) => {
      if (!parent.children.has(id)) this.#compute([{ parent, id, place }]);
      parent = parent.children.get(id);
    });
    return { parent, id: ids.at(-1), place: ids.length - 1 };
  }

  #compute(wanted) {
    const positions = wanted.map(({ parent, id, place }) => ({ id, place, past: parent.states }));
    const { states, maps } = this.translator.decode(positions, this.sourceSeen);
    const part = (map, t) => {
      const source = map.length / this.heads / wanted.length;
      const one = new Float32Array(this.heads * source); // of one position: (heads, 1, source)
      for (let head = 0; head < this.heads; head++) {
        const from = (head * wanted.length + t) * source;
        one.set(map.subarray(from, from + source), head * source);
      }
      return one;
    };
    wanted.forEach(({ parent, id }, t) => {
      const node = { states: states.map((layer) => layer[t]), maps: maps.map((map) => part(map, t)), children: new Map() };
      parent.children.set(id, node);
    });
  }
}
