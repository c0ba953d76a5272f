"""Attention on twelve heads for growing lengths: processor time against length."""

from time import process_time

import torch

torch.manual_seed(0)
heads, d_k = 12, 32

best_seconds = []
for length in (256, 512, 1024):
    query, key, value = torch.randn(3, heads, length, d_k)  # (heads, tokens, 32) each
    runs_seconds = []
    for _ in range(12):
        start_seconds = process_time()
        weights = (query @ key.transpose(-2, -1) / d_k**0.5).softmax(dim=-1)
        output = weights @ value
        runs_seconds.append(process_time() - start_seconds)
    best_seconds.append(min(runs_seconds))
    print(f"{length:5} tokens: {best_seconds[-1] * 1e3:6.1f} ms")

ratio_seconds = best_seconds[-1] / best_seconds[0]
print(f"4 times the tokens: {ratio_seconds:.0f} times as long")
