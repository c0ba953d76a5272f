"""The answers to the exercises of this chapter."""

import torch

logits = torch.tensor([3.0, 2.0, 1.0, 0.0])
p = logits.softmax(-1)
print("1. probabilities:", *(f"{x:.3f}" for x in p))
kept = int((p.cumsum(-1) < 0.9).sum()) + 1  # the smallest set that reaches 0.9
again = p[:kept] / p[:kept].sum()
print(f"   top-p 0.9 keeps {kept}:", *(f"{x:.3f}" for x in again))
first = again[0].item()

cold = (logits / 0.5).softmax(-1)
ratio, cold_ratio = (p[0] / p[1]).item(), (cold[0] / cold[1]).item()
print(f"2. first : second = {ratio:.2f} at T = 1, {cold_ratio:.2f} at T = 0.5")

short, long = (-2.0, 4), (-2.7, 6)  # (sum of log-probabilities, tokens)
print("3. penalty  short   long")
for penalty in (0.0, 0.5, 1.0):
    scores = [total / length**penalty for total, length in (short, long)]
    print(f"   {penalty:7} {scores[0]:6.2f} {scores[1]:6.2f}")
turning = torch.tensor(2.7 / 2.0).log().item() / torch.tensor(6 / 4).log().item()
print(f"   the long one wins above {turning:.2f}")
