"""Logits of a model with two labels, twice, and of one with a third label."""

import torch

both_high = torch.tensor([4.0, 1.0])  # negative, positive
both_low = torch.tensor([-4.0, -7.0])
with_a_third = torch.tensor([-4.0, -7.0, 2.0])  # negative, positive, neither
for logits in (both_high, both_low, with_a_third):
    print([round(p, 2) for p in logits.softmax(dim=0).tolist()])
