"""Dot products of random vectors spread with the width; dividing by √d undoes it."""

import matplotlib.pyplot as plt
import numpy as np
import torch

torch.manual_seed(0)
queries, keys = torch.randn(2, 2000, 1024)  # (pairs, width)

width = 64
query, key = queries[:, :width], keys[:, :width]
scores = (query * key).sum(dim=1)  # (pairs,)
scaled_scores = scores / width**0.5  # (pairs,)

raw = scores.std().item()
scaled = scaled_scores.std().item()
print(f"spread of the raw scores:    {raw:.2f}")
print(f"spread after dividing by √d: {scaled:.2f}")



def top_of_ten(scores):
    """Ten scores at a time: the mean top weight, and the middle one of its slopes."""
    top = scores.view(200, 10).softmax(dim=1).amax(dim=1)  # (groups,)
    return top.mean().item(), (top * (1 - top)).median().item()


raw_top, raw_slope = top_of_ten(scores)
scaled_top, scaled_slope = top_of_ten(scaled_scores)
print(f"top weight among ten, raw:    {raw_top:.2f}, slope {raw_slope:.2f}")
print(f"top weight among ten, scaled: {scaled_top:.2f}, slope {scaled_slope:.2f}")

raws, scaleds = [], []
for width in (4, 16, 64, 256, 1024):
    scores = (queries[:, :width] * keys[:, :width]).sum(dim=1)  # (pairs,)
    raws.append(scores.std().item())
    scaleds.append((scores / width**0.5).std().item())
    figure, axes = plt.subplots(2, 1, num=f"width = {width}", sharex=True)
    for ax, some in zip(axes, (scores, scores / width**0.5)):
        ax.hist(some, np.arange(-60, 61), histtype="stepfilled")  # one outline
        ax.set_yticks([])
    axes[0].set_title(f"Raw scores: spread {raws[-1]:.1f}")
    axes[1].set_title(f"Divided by {width**0.5:.0f}: spread {scaleds[-1]:.2f}")
    axes[1].set_xlabel("score")
_, wide_slope = top_of_ten(scores)
print(f"width {width}, raw: slope {wide_slope:.7f}")
narrow_raw, wide_raw = raws[0], raws[-1]
least_scaled, most_scaled = min(scaleds), max(scaleds)
