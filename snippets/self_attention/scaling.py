"""Dot products of random vectors spread with the width; dividing by √d undoes it."""

import matplotlib.pyplot as plt
import numpy as np
import torch

torch.manual_seed(0)
width = 64
query = torch.randn(2000, width)  # (pairs, width)
key = torch.randn(2000, width)  # (pairs, width)

scores = (query * key).sum(dim=1)  # (pairs,)
scaled_scores = scores / width**0.5  # (pairs,)

raw = scores.std().item()
scaled = scaled_scores.std().item()
print(f"spread of the raw scores:    {raw:.2f}")
print(f"spread after dividing by √d: {scaled:.2f}")

# Ten scores at a time through softmax: how much does the top one get?
raw_top = scores.view(200, 10).softmax(dim=1).amax(dim=1).mean().item()
scaled_top = scaled_scores.view(200, 10).softmax(dim=1).amax(dim=1).mean().item()
print(f"top weight among ten, raw:    {raw_top:.2f}")
print(f"top weight among ten, scaled: {scaled_top:.2f}")

figure, (above, below) = plt.subplots(2, 1, sharex=True, sharey=True)
bins = np.arange(-30, 31)
above.hist(scores, bins)
above.set_title("Raw scores are wide …")
below.hist(scaled_scores, bins)
below.set_title("… scaled scores are narrow")
below.set_xlabel("score")
for ax in (above, below):
    ax.set_yticks([])
