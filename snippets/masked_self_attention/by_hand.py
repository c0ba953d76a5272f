"""Mask three tokens by hand: minus infinity before softmax becomes a weight of zero."""

import matplotlib.pyplot as plt
import torch

from snippets import plots

words = ["they", "were", "thirsty"]
# Logarithms, so that the exponentials inside softmax are the whole numbers below.
exponentials = torch.tensor([[2.0, 1.0, 1.0], [1.0, 3.0, 4.0], [1.0, 1.0, 2.0]])
scores = exponentials.log()  # (queries, keys)

future = torch.ones(3, 3, dtype=torch.bool).triu(diagonal=1)  # True above the diagonal
masked_scores = scores.masked_fill(future, float("-inf"))
weights = masked_scores.softmax(dim=-1)  # (queries, keys)

print("future:", *future.int().tolist(), sep="\n  ")
print("masked scores:\n", masked_scores)
print("weights:\n", weights)
were_they, were_were = weights[1, 0].item(), weights[1, 1].item()
unmasked_were_thirsty = scores.softmax(dim=-1)[1, 2].item()

figure, (left, right) = plt.subplots(1, 2, figsize=(4.4, 2.5), sharey=True)
plots.heatmap(scores.softmax(-1), words, words, "No mask", numbers=True, top=1, ax=left)
plots.heatmap(weights, words, words, "Causal mask", numbers=True, top=1, ax=right)
