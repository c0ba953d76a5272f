"""The mean of the vectors of each text in a batch, in three ways."""

import torch

vectors = torch.tensor([[1.0, 3.0], [5.0, 9.0]])  # two texts, width 1
mask = torch.tensor([[1, 1], [1, 0]])  # the second text has one token and one padding

print(vectors.mean(dim=1).tolist())
print((vectors * mask).mean(dim=1).tolist())
print(((vectors * mask).sum(dim=1) / mask.sum(dim=1)).tolist())
