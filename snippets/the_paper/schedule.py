"""The learning rate of the paper: up for 4,000 steps, then a slow fall."""

import matplotlib.pyplot as plt
import numpy as np

from snippets import plots

d_model, warmup = 512, 4000


def rate(step):
    return d_model**-0.5 * np.minimum(step**-0.5, step * warmup**-1.5)


steps = np.arange(1, 100_001)
rates = rate(steps)
highest = float(rates.max())
highest_at = int(steps[rates.argmax()])
last = float(rates[-1])
print(f"highest: {highest:.6f} at step {highest_at:,}")
print(f"last:    {last:.6f} at step {steps[-1]:,}")
plt.plot(steps, rates * 1000, color=plots.BLUE)
plt.gca().set(title="Warm up, then fall as one over the root",
              xlabel="step", ylabel="learning rate, thousandths")  # fmt: skip
plt.xticks([0, 50_000, 100_000], ["0", "50,000", "100,000"])
