/**
 * The smallest layers, each with its way back.
 *
 * `forward` gives out, and keeps what the way back needs. `backward` is given dOut = ∂loss/∂out: how
 * much the loss grows with each number of out. It leaves ∂loss/∂weight in each weight's gradient and
 * gives dX = ∂loss/∂x, which is the dOut of the layer before. That is the chain rule, and all of
 * backpropagation.
 */
import { erf } from "../models/erf.js";
import { shaped } from "./room.js";

/** out = x Wᵀ + b, as PyTorch's nn.Linear. */
export class Linear {
  constructor(room, name, rows, width) {
    this.room = room;
    this.weight = room.parameter(`${name}.weight`, rows, width);
    this.bias = room.parameter(`${name}.bias`, 1, rows);
    this.out = room.states(rows);
    this.dX = room.states(width);
  }

  forward(x) {
    this.x = x;
    const { data, width } = this.room.product(x, this.weight.value, this.out);
    const bias = this.bias.value.data;
    for (let at = 0; at < x.batch * x.length * width; at += width) for (let i = 0; i < width; i++) data[at + i] += bias[i];
    return this.out;
  }

  backward(dOut) {
    const { data, width, batch, length } = dOut;
    const gradient = this.bias.gradient.data; // the bias was added to every token
    for (let at = 0; at < batch * length * width; at += width) for (let i = 0; i < width; i++) gradient[i] += data[at + i];
    this.room.productForW(dOut, this.x, this.weight.gradient);
    return this.room.productForX(dOut, this.weight.value, this.dX);
  }
}

/** Each token has mean 0 and variance 1; then a gain and a bias for each place of the width. */
export class LayerNorm {
  constructor(room, name, width) {
    this.gain = room.parameter(`${name}.weight`, 1, width);
    this.bias = room.parameter(`${name}.bias`, 1, width);
    [this.out, this.normed, this.dX] = [0, 1, 2].map(() => room.states(width));
    this.spread = new Float32Array(room.tokens);
  }

  forward(x) {
    const { normed, out, spread, gain, bias } = this;
    const { width } = x;
    for (let t = 0; t < x.batch * x.length; t++) {
      const at = t * width;
      let [mean, variance] = [0, 0];
      for (let i = 0; i < width; i++) mean += x.data[at + i] / width;
      for (let i = 0; i < width; i++) variance += (x.data[at + i] - mean) ** 2 / width;
      spread[t] = Math.sqrt(variance + 1e-5);
      for (let i = 0; i < width; i++) {
        normed.data[at + i] = (x.data[at + i] - mean) / spread[t];
        out.data[at + i] = normed.data[at + i] * gain.value.data[i] + bias.value.data[i];
      }
    }
    return shaped(out, x);
  }

  backward(dOut) {
    const { normed, dX, spread, gain, bias } = this;
    const { width } = dOut;
    for (let t = 0; t < dOut.batch * dOut.length; t++) {
      const at = t * width;
      let [mean, along] = [0, 0]; // what a change of x moves in mean and in spread
      for (let i = 0; i < width; i++) {
        const [d, n] = [dOut.data[at + i], normed.data[at + i]];
        gain.gradient.data[i] += d * n;
        bias.gradient.data[i] += d;
        mean += (d * gain.value.data[i]) / width;
        along += (d * gain.value.data[i] * n) / width;
      }
      for (let i = 0; i < width; i++) {
        dX.data[at + i] = (dOut.data[at + i] * gain.value.data[i] - mean - along * normed.data[at + i]) / spread[t];
      }
    }
    return shaped(dX, dOut);
  }
}

/** GELU(x) = x P(a standard normal is below x). */
export class Gelu {
  constructor(room, width) {
    [this.out, this.slope, this.dX] = [0, 1, 2].map(() => room.states(width));
  }

  forward(x) {
    for (let i = 0; i < x.batch * x.length * x.width; i++) {
      const value = x.data[i];
      const bell = Math.exp((-value * value) / 2);
      const below = (1 + erf(value / Math.SQRT2, bell)) / 2;
      this.out.data[i] = value * below;
      this.slope.data[i] = below + (value * bell) / Math.sqrt(2 * Math.PI); // the derivative
    }
    return shaped(this.out, x);
  }

  backward(dOut) {
    for (let i = 0; i < dOut.batch * dOut.length * dOut.width; i++) this.dX.data[i] = dOut.data[i] * this.slope.data[i];
    return shaped(this.dX, dOut);
  }
}
