"""Three tokens, averaged by three layers: without residuals, and with them."""

import torch

weights = torch.tensor([[0.5, 0.5, 0.0],
                        [0.5, 0.0, 0.5],
                        [0.0, 0.5, 0.5]])  # fmt: skip
without = added = torch.tensor([0.0, 4.0, 8.0])
for layer in range(3):
    without = weights @ without
    added = added + weights @ added
    print(without.tolist(), added.tolist())
