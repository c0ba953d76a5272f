"""Our attention function equals PyTorch's fused one, with and without a mask."""

import torch
from torch.nn.functional import scaled_dot_product_attention

from snippets.from_scratch.encoder import attention

torch.manual_seed(0)
query = torch.randn(2, 4, 5, 8)  # (batch, heads, queries, head width)
key = torch.randn(2, 4, 7, 8)  # (batch, heads, keys, head width)
value = torch.randn(2, 4, 7, 8)  # (batch, heads, keys, head width)

everything = torch.ones(5, 7, dtype=torch.bool)  # (queries, keys)
some = everything.clone()
some[:, 5:] = False  # nobody may look at the last two keys

for name, mask in {"everything seen": everything, "two keys hidden": some}.items():
    mixed, weights = attention(query, key, value, mask)
    theirs = scaled_dot_product_attention(query, key, value, attn_mask=mask)
    difference = (mixed - theirs).abs().max().item()
    print(f"{name}: largest difference {difference:.1e}")

hidden_weight = weights[..., 5:].max().item()
row_sums = weights.sum(dim=-1)  # (batch, heads, queries)
print("weight on the hidden keys:", hidden_weight)
print(f"each row sums to one: {torch.allclose(row_sums, torch.ones(2, 4, 5))}")
