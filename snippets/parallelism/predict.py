"""Five numbers of two bytes, added in two orders."""

import torch

numbers = torch.tensor([256.0, 1, 1, 1, 1], dtype=torch.bfloat16)
down, up = torch.zeros(2, dtype=torch.bfloat16)
for number in numbers:
    down = down + number
for number in numbers.flip(0):
    up = up + number
print("the large one first:", down.item())
print("the large one last: ", up.item())
