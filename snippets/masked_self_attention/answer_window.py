"""A sliding window: each token sees itself and the few tokens before it."""

import torch


def sliding(tokens, window):
    allowed = torch.ones(tokens, tokens, dtype=torch.bool).tril()  # the causal mask
    return allowed & ~allowed.tril(diagonal=-window)  # less what is too long ago


print(sliding(6, 3).int())
tokens, window = 1000, 64
causal_pairs = int(sliding(tokens, tokens).sum())
window_pairs = int(sliding(tokens, window).sum())
share = window_pairs / causal_pairs
print(f"pairs of {tokens} tokens: {causal_pairs:,} causal,"
      f" {window_pairs:,} in a window of {window}")
