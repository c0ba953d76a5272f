"""A map of twelve tokens with equal weights: how much falls on later tokens?"""

import torch

weights = torch.full((12, 12), 1 / 12)  # each row sums to one
later = weights.triu(diagonal=1).sum().item() / 12
itself = weights.trace().item() / 12
print(f"on later tokens {later:.1%}, on the token itself {itself:.1%}")
