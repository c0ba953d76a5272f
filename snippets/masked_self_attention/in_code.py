"""Masked self-attention is one more line, and it equals PyTorch's own."""

import torch
from torch.nn.functional import scaled_dot_product_attention


def masked_self_attention(query, key, value):
    width = query.shape[-1]
    scores = query @ key.transpose(-2, -1) / width**0.5  # (…, tokens, tokens)
    tokens = scores.shape[-1]
    future = torch.ones(tokens, tokens, dtype=torch.bool).triu(diagonal=1)
    scores = scores.masked_fill(future, float("-inf"))  # the one line
    weights = scores.softmax(dim=-1)  # (…, tokens, tokens)
    return weights @ value, weights  # (…, tokens, width)


torch.manual_seed(0)
query, key, value = torch.randn(3, 8, 100, 64)  # three of (heads, tokens, width)
ours, weights = masked_self_attention(query, key, value)
torchs = scaled_dot_product_attention(query, key, value, is_causal=True)

difference = (ours - torchs).abs().max().item()
above_diagonal = weights.triu(diagonal=1).max().item()
row_sum_error = (weights.sum(dim=-1) - 1).abs().max().item()
print(f"largest difference from is_causal=True: {difference:.0e}")
print(f"largest weight above the diagonal:      {above_diagonal}")
print(f"largest distance of a row sum from 1:   {row_sum_error:.0e}")
