"""One target, four sources: which of them give the same cross-attention result?"""

import torch
from torch.nn.functional import scaled_dot_product_attention

target = torch.tensor([[1.0, 0, 2], [0, 3, 1]])
source = torch.tensor([[2.0, 0, 0], [0, 1, 0], [0, 0, 3]])

once = scaled_dot_product_attention(target, source, source)
others = {"backwards": source.flip(0), "twice": source.repeat(2, 1), "cut": source[:2]}
for name, other in others.items():
    result = scaled_dot_product_attention(target, other, other)
    print(f"{name:9} {tuple(result.shape)} same: {torch.allclose(once, result)}")
