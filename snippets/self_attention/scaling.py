"""Dot products of random vectors spread with the width; dividing by √d undoes it."""

import matplotlib.pyplot as plt
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

figure, (above, below) = plt.subplots(2, 1, sharex=True)
above.hist(scores, bins=60)
above.set_title("Raw scores are wide …")
below.hist(scaled_scores, bins=10)
below.set_title("… scaled scores are narrow")
