"""The first step of LoRA: which of the two thin matrices gets a gradient?"""

import torch
from torch import nn

torch.manual_seed(0)
frozen = nn.Linear(8, 8, bias=False).requires_grad_(False)
down, up = nn.Linear(8, 2, bias=False), nn.Linear(2, 8, bias=False)
nn.init.zeros_(up.weight)

x = torch.randn(4, 8)
loss = (frozen(x) + up(down(x))).square().mean()
loss.backward()
print("A gets a gradient:", bool(down.weight.grad.any()))
print("B gets a gradient:", bool(up.weight.grad.any()))
