/** Section 3.2.2 of the paper, forward and back; as in snippets/from_scratch/encoder_decoder.py. */
import { Linear } from "./layers.js";
import { add, shaped } from "./room.js";

/** `x` asks; `source` answers: x too, or what the encoder made. */
export class Attention {
  /** @param {boolean} scaled divide the scores by √d_k, as the paper does? */
  constructor(room, name, width, heads, scaled) {
    [this.qProj, this.kProj, this.vProj, this.outProj] = ["q_proj", "k_proj", "v_proj", "out_proj"].map(
      (one) => new Linear(room, `${name}.${one}`, width, width)); // prettier-ignore
    [this.mixed, this.dQuery, this.dKey, this.dValue] = [0, 1, 2, 3].map(() => room.states(width));
    Object.assign(this, { heads, size: width / heads }); // numbers of a head
    this.scale = scaled ? 1 / Math.sqrt(this.size) : 1;
  }

  /**
   * Calls work(map, q, k, keys, seen) for each query of each head of each text: where its row of the map
   * and of the query begins, where the head's part of the first key is, how many keys there are, and
   * where the row of `seen` begins.
   */
  each({ batch, length, width }, keys, work) {
    for (let b = 0; b < batch; b++) {
      for (let head = 0; head < this.heads; head++) {
        for (let t = 0; t < length; t++) {
          const map = ((b * this.heads + head) * length + t) * keys;
          work(map, (b * length + t) * width + head * this.size, b * keys * width + head * this.size, (b * length + t) * keys);
        }
      }
    }
  }

  /** @param {Uint8Array} seen (batch, queries, keys): may this query see this key? */
  forward(x, source, seen) {
    Object.assign(this, { x, source, seen });
    const { mixed, size, scale } = this;
    const [query, key, value] = [this.qProj.forward(x), this.kProj.forward(source), this.vProj.forward(source)].map(({ data }) => data);
    const [out, keys, width] = [mixed.data, source.length, x.width];
    const map = (this.map = new Float32Array(x.batch * this.heads * x.length * keys));
    out.fill(0, 0, x.batch * x.length * width);
    this.each(x, keys, (row, q, first, see) => {
      // Equation (1): softmax(Q Kᵀ / √d_k) V. What is not seen keeps a weight of 0, section 3.2.3.
      let [largest, sum] = [-Infinity, 0];
      for (let s = 0, k = first; s < keys; s++, k += width) {
        if (!seen[see + s]) continue;
        let score = 0;
        for (let i = 0; i < size; i++) score += query[q + i] * key[k + i];
        map[row + s] = score * scale;
        if (score * scale > largest) largest = score * scale;
      }
      for (let s = 0; s < keys; s++) if (seen[see + s]) sum += map[row + s] = Math.exp(map[row + s] - largest);
      for (let s = 0, v = first; s < keys; s++, v += width) {
        const weight = (map[row + s] /= sum);
        if (weight) for (let i = 0; i < size; i++) out[q + i] += weight * value[v + i];
      }
    });
    return this.outProj.forward(shaped(mixed, x));
  }

  /** @returns {[States, States]} ∂loss/∂x and ∂loss/∂source */
  backward(dOut) {
    const { map, x, source, size, scale } = this;
    const out = this.outProj.backward(dOut).data; // ∂loss/∂mixed
    const [query, key, value] = [this.qProj.out.data, this.kProj.out.data, this.vProj.out.data];
    const [keys, width] = [source.length, x.width];
    const empty = (d, like) => shaped(d, like).data.fill(0, 0, like.batch * like.length * width);
    const [dQuery, dKey, dValue] = [empty(this.dQuery, x), empty(this.dKey, source), empty(this.dValue, source)];
    const dWeights = new Float32Array(keys);
    this.each(x, keys, (row, q, first) => {
      let mean = 0; // of dWeights, by weight
      for (let s = 0, v = first; s < keys; s++, v += width) {
        const weight = map[row + s];
        if (!weight) continue;
        let dWeight = 0;
        for (let i = 0; i < size; i++) {
          dWeight += out[q + i] * value[v + i];
          dValue[v + i] += out[q + i] * weight;
        }
        dWeights[s] = dWeight;
        mean += dWeight * weight;
      }
      for (let s = 0, k = first; s < keys; s++, k += width) {
        if (!map[row + s]) continue;
        const dScore = map[row + s] * (dWeights[s] - mean) * scale; // softmax: what one weight gains, the others lose
        for (let i = 0; i < size; i++) {
          dQuery[q + i] += dScore * key[k + i];
          dKey[k + i] += dScore * query[q + i];
        }
      }
    });
    return [this.qProj.backward(this.dQuery), add(this.kProj.backward(this.dKey), this.vProj.backward(this.dValue))];
  }
}
