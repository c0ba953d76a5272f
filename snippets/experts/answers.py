"""The answers to the exercises, computed."""

import torch

layers, width, inner, experts, top = 32, 4096, 14336, 8, 2
weights = layers * experts * 3 * width * inner / 1e9
used = weights * top / experts
print(f"Mixtral's experts: {weights:.1f} billion weights, {used:.1f} used for a token")

logits = torch.tensor([2.0, 1.0, 0.0, 0.0])
probabilities = logits.softmax(-1)
kept = probabilities[:2]
first, second = kept.tolist()
first_divided, second_divided = (kept / kept.sum()).tolist()
alone, _ = logits[:2].softmax(-1).tolist()
print(f"kept: {first:.3f} and {second:.3f}")
print(f"divided: {first_divided:.3f} and {second_divided:.3f}")
print(f"softmax of the two logits: {alone:.3f}")

share = torch.tensor([0.5, 0.5, 0.0, 0.0])  # of the tokens
mean = torch.tensor([0.4, 0.4, 0.1, 0.1])  # probability
uneven, even = 4 * (share @ mean).item(), 4 * 4 * 0.25**2
print(f"balancing loss: {uneven:.1f}, if even {even:.1f}")

qwen3 = 128 * (1 - (1 - 8 / 128) ** 32)
print(f"32 tokens, 8 of 128 each by lot: {qwen3:.0f} different experts")
