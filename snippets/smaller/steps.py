"""One block of MiniLM's weights, rounded to steps of one to eight bits."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel

from snippets import plots

model = AutoModel.from_pretrained("models/minilm")
weight = model.encoder.layer[0].output.dense.weight.detach()  # (384, 1536)
exact = weight[0, :32]  # the first block of the first row
least, most = exact.min(), exact.max()

errors = {}
for bits in (1, 2, 3, 4, 5, 6, 8):
    levels = 2**bits
    scale = (most - least) / (levels - 1)
    rounded = least + scale * ((exact - least) / scale).round()  # (32,)
    errors[bits] = ((rounded - exact).norm() / exact.norm()).item()
    print(f"bits {bits}: {levels:3} levels, error {errors[bits]:6.1%}")
    ax = plt.figure(f"bits = {bits}", figsize=(4.4, 3)).add_subplot()
    if levels <= 32:  # more lines would be a gray field
        lines = least + scale * torch.arange(levels)
        ax.hlines(lines, -0.5, 31.5, color=plots.GRID, lw=0.8)
    ax.vlines(range(32), exact, rounded, color=plots.WARM, lw=1.2)
    ax.plot(rounded, "o", color=plots.BLUE, markersize=4)
    ax.plot(exact, "_", color=plots.WARM, markersize=7)
    title = f"{levels} levels, error {errors[bits]:.1%}"
    ax.set(title=title, xlabel="place in the block", ylabel="weight")
one_bit, four_bits, eight_bits = (errors[bits] for bits in (1, 4, 8))
