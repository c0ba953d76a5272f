"""One query of zeros, four very different keys: where does it look?"""

import torch

query = torch.zeros(1, 4)
key = torch.tensor([[9, 0, 0, 0], [0, 5, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0.0]])
value = torch.tensor([[10], [20], [30], [40.0]])

weights = (query @ key.T / 4**0.5).softmax(dim=-1)
output = weights @ value
print("weights", weights.tolist())
print("output ", output.tolist())
