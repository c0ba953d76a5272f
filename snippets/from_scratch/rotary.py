"""Rotated queries and keys meet with a score that depends on their distance alone."""

import torch
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from snippets import plots
from snippets.from_scratch.decoder import rotate

torch.manual_seed(0)
tokens, head_width, base = 12, 64, 100_000
query = torch.randn(head_width).expand(1, 1, tokens, -1)  # the same at every position
key = torch.randn(head_width).expand(1, 1, tokens, -1)  # (batch, heads, tokens, 64)

speeds = 1 / base ** (torch.arange(0, head_width, 2) / head_width)  # (32,)
angles = torch.arange(tokens)[:, None] * speeds  # (tokens, 32)
scores = rotate(query, angles) @ rotate(key, angles).transpose(-2, -1)
scores = scores[0, 0] / head_width**0.5  # (tokens, tokens)

twice = torch.cat([angles, angles], dim=-1)[None]  # the library wants one a number
right, _ = apply_rotary_pos_emb(query, key, twice.cos(), twice.sin())
difference = (rotate(query, angles) - right).abs().max().item()
spreads = [scores.diagonal(k).max() - scores.diagonal(k).min() for k in range(-9, 10)]
largest_spread = max(spreads).item()
spread_of_all = (scores.max() - scores.min()).item()
longer = (rotate(query, angles).norm(dim=-1) - query.norm(dim=-1)).abs().max().item()
print(f"largest difference from the library's rotation: {difference:.2g}")
print(f"scores at one distance differ by at most {largest_spread:.1e}")
print(f"scores at all distances differ by {spread_of_all:.2f}")
print(f"the rotation changes the length of a vector by at most {longer:.1e}")

places = [str(place) for place in range(tokens)]
plots.heatmap(scores, places, places, "One score per distance", signed=True)
