"""Cross-attention by hand: two words written look at three words that were read."""

import torch

from snippets import plots

target, source = ["gato", "preto"], ["the", "black", "cat"]
# From what is being written: a query each. Logarithms, so that softmax is fractions.
query = torch.tensor([[2.0, 2.0], [0.5, 2.0]]).log()  # (target, width)
# From what was read: a key and a value each.
key = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])  # (source, width)
value = torch.tensor([[0.0, 0.0], [28.0, 0.0], [0.0, 28.0]])  # (source, width)

scores = query @ key.T  # (target, source); the division by √width is left out here
weights = scores.softmax(dim=-1)  # (target, source)
mixed = weights @ value  # (target, width)
print("exponentials of the scores:\n", scores.exp())
print("weights:\n", weights)
print("result:\n", mixed)
gato_cat, preto_black = weights[0, 2].item(), weights[1, 1].item()
title = "A row for each word written"
plots.heatmap(weights, target, source, title, numbers=True, top=1)
