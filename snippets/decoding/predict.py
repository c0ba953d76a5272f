"""A repetition penalty on three rows of logits that mean the same."""

import torch

for row in ([4.0, 3.0], [1.0, 0.0], [-1.0, -2.0]):
    logits = torch.tensor(row)
    before = logits.softmax(-1)
    used = logits[0]  # the first token was written before
    logits[0] = used / 2 if used > 0 else used * 2
    after = logits.softmax(-1)
    print(f"{row}: before {before[0]:.2f}, with the penalty {after[0]:.2f}")
