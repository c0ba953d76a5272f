"""Zeros after softmax come too late: the future has already entered the denominator."""

import torch

future = torch.tensor([False, False, True])  # the row of "were": "thirsty" is later


def mask_before(scores):
    return scores.masked_fill(future, float("-inf")).softmax(dim=-1)


def zero_after(scores):
    return scores.softmax(dim=-1).masked_fill(future, 0)


def show(weights):
    return "  ".join(f"{w:.4f}" for w in weights) + f"   sum {weights.sum():.2f}"


for exponential in (4, 12):  # two later words that differ in their score
    scores = torch.tensor([1.0, 3.0, exponential]).log()  # (keys,)
    print(f"the later token has e^score = {exponential}")
    print("  mask before softmax:", show(mask_before(scores)))
    print("  zero after softmax: ", show(zero_after(scores)))

scores = torch.tensor([0.0, 1.0, 200.0])  # a later token with a very high score
rescaled = zero_after(scores) / zero_after(scores).sum()
print("zero after, then divide by the sum, a later score of 200:", rescaled.tolist())
print("mask before softmax, the same scores:", show(mask_before(scores)))
lost_row = bool(rescaled.isnan().any())
