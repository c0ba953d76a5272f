"""Top-k, then top-p, on five probabilities: how many tokens are left?"""

import torch

p = torch.tensor([0.5, 0.2, 0.15, 0.1, 0.05])
kept = p[:3] / p[:3].sum()  # top-k with k = 3; softmax shares anew
before = kept.cumsum(0) - kept  # what the better tokens hold together
left = int((before < 0.8).sum())
print("after top-k:", [round(share, 2) for share in kept.tolist()])
print("after top-p:", left, "tokens")
