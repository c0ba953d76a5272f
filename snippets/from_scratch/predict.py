"""Two ways to cut two tokens of width 4 into two heads; both have the right shape."""

import torch

x = torch.tensor([[10, 11, 12, 13], [20, 21, 22, 23]])  # tokens 1 and 2

swapped = x.unflatten(1, (2, 2)).transpose(0, 1)  # heads, tokens, width
reshaped = x.reshape(2, 2, 2)  # heads, tokens, width?
for heads in (swapped, reshaped):
    print(f"head 1: {heads[0].tolist()}\nhead 2: {heads[1].tolist()}")
