"""The third row of four tokens, masked."""

import torch

exponentials = torch.tensor([2.0, 6.0, 4.0, 8.0])
future = torch.tensor([False, False, False, True])
scores = exponentials.log().masked_fill(future, float("-inf"))
weights = scores.softmax(dim=-1)
print([round(weight, 4) for weight in weights.tolist()])
first, second, third, fourth = weights.tolist()
