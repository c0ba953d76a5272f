"""Three tokens of one number each, averaged by three layers, with and without sum."""

import torch

weights = torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]])
without = added = torch.tensor([0.0, 4.0, 8.0])
for layer in range(3):
    without = weights @ without
    added = added + weights @ added
    print("without", without.tolist(), " with", added.tolist())
