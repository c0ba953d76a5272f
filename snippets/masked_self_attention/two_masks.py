"""A causal mask and a padding mask, and both together, for left and right padding."""

import matplotlib.pyplot as plt
import torch

from snippets import plots

tokens = 5
causal = torch.ones(tokens, tokens, dtype=torch.bool).tril()  # True: may be looked at
figure, axes = plt.subplots(2, 3, figsize=(4.4, 4.0))
for row, words in zip(axes, (["·", "·", "The", "robot", "ran"],
                             ["The", "robot", "ran", "·", "·"])):  # fmt: skip
    real = torch.tensor([word != "·" for word in words])  # (tokens,)
    padding = real.expand(tokens, tokens)  # the same for every query: whole columns
    both = causal & padding  # (queries, keys)
    masks = {"causal": causal, "padding": padding, "both": both}
    for ax, (title, allowed) in zip(row, masks.items()):
        plots.heatmap(allowed, words, words, title, ax=ax)
        ax.tick_params(labelleft=ax is row[0])
        ax.title.set_size(9)
    if words[0] == "·":
        empty_rows = int((~both.any(dim=-1)).sum())

# A row where nothing is allowed has no softmax, and its nan spreads.
weights = torch.full((tokens,), float("-inf")).softmax(dim=-1)
print("softmax over nothing:     ", weights.tolist())
print("a weight of zero on a nan:", 0.0 * float("nan"))
smallest = torch.finfo(torch.float32).min
safe = torch.full((tokens,), smallest).softmax(dim=-1)
print("smallest float instead:   ", [round(weight, 2) for weight in safe.tolist()])
