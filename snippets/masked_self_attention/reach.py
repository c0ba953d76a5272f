"""How far back a token can learn from when each layer sees a window of three tokens."""

import torch

window = torch.ones(20, 20).tril().triu(-2)  # the token itself and two before it
seen = torch.eye(20)
for layer in range(1, 5):
    seen = window @ seen  # each layer hands on what the layer below has seen
    reach = int((seen[-1] > 0).sum())
    print(f"after layer {layer}, the last token has news from {reach} tokens")
