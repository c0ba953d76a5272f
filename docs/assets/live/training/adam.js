/** Adam (Kingma and Ba, 2015), as PyTorch has it, on gradients that are first cut to a length. */
export class Adam {
  /** @param {Map<string, import("./room.js").Parameter>} parameters */
  constructor(parameters, { betas = [0.9, 0.98], longest = 1 } = {}) {
    Object.assign(this, { betas, longest, steps: 0 });
    this.all = [...parameters.values()].map(({ value, gradient }) => {
      const [mean, square] = [0, 1].map(() => new Float32Array(value.data.length));
      return { value: value.data, gradient: gradient.data, mean, square };
    });
  }

  /** Moves each number against its gradient. @param {number} rate about as far as that, at most */
  step(rate) {
    let squares = 0;
    for (const { gradient } of this.all) for (let i = 0; i < gradient.length; i++) squares += gradient[i] ** 2;
    const cut = Math.min(1, this.longest / (Math.sqrt(squares) + 1e-6));
    const [slow, slower] = this.betas;
    this.steps++;
    // The averages began at zero: early ones are too small, and are made as large as they should be.
    const [whole, wholeSquare] = [1 - slow ** this.steps, 1 - slower ** this.steps];
    for (const { value, gradient, mean, square } of this.all) {
      for (let i = 0; i < value.length; i++) {
        const g = gradient[i] * cut;
        mean[i] = slow * mean[i] + (1 - slow) * g;
        square[i] = slower * square[i] + (1 - slower) * g * g;
        value[i] -= (rate * mean[i]) / whole / (Math.sqrt(square[i] / wholeSquare) + 1e-8);
      }
    }
  }
}
