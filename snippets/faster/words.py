"""Multiply-adds and bytes of four passes of SmolLM2, counted as they run."""

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModelForCausalLM

torch.set_grad_enabled(False)
model = AutoModelForCausalLM.from_pretrained(
    "models/smollm2", attn_implementation="eager"
)
weights = sum(weight.numel() for weight in model.parameters())
TEXT = 100  # tokens of the prompt


def step(texts, tokens, before=TEXT):
    """Multiply-adds and bytes of one pass, with two bytes for each number."""
    cache, ids = None, torch.zeros(texts, before + tokens).long()
    if before:
        cache = model(ids[:, :before]).cache
    with FlopCounterMode(display=False) as counter:
        cache = model(ids[:, before:], cache=cache).cache
    kept = sum(layer.keys.numel() + layer.values.numel() for layer in cache.layers)
    return counter.get_total_flops() / 2, 2 * (weights + kept)  # two for a multiply-add


print("| pass | tokens | multiply-adds, millions | MB | multiply-adds per byte |")
print("|---|--:|--:|--:|--:|")
found = {}
for name, texts, tokens, before in (
    ("prefill: read the prompt", 1, TEXT, 0),
    ("decode: one token", 1, 1, TEXT),
    ("decode: eight texts", 8, 1, TEXT),
    ("check four guesses", 1, 5, TEXT),
):
    work, read = step(texts, tokens, before)
    found[name] = read / 1e6, work / read, texts * tokens
    print(f"| {name} | {texts * tokens} | {work / 1e6:,.0f} |"
          f" {read / 1e6:,.1f} | {work / read:.2f} |")  # fmt: skip
prefill, one, eight, check = (row[1] for row in found.values())
first_mb, one_mb, eight_mb, check_mb = (row[0] for row in found.values())
one_tokens, eight_tokens = 1000 / one_mb, 8 * 1000 / eight_mb  # in a GB that is moved
longer = eight_mb / one_mb
