"""Two prompts in one batch of SmolLM2: which side is padded, and where to read."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
long = "Once upon a time, there was a little"
prompts = ["The capital of France is", "The robot watered the"]


def logits(side, masked):
    tokenizer.padding_side = side
    batch = tokenizer([*prompts, long], padding=True, return_tensors="pt")
    mask = batch.attention_mask if masked else torch.ones_like(batch.attention_mask)
    with torch.no_grad():
        return model(batch.input_ids, attention_mask=mask).logits  # (3, tokens, ids)


with torch.no_grad():
    alone = [model(**tokenizer(p, return_tensors="pt")).logits[0, -1] for p in prompts]
last_real = [len(tokenizer(prompt).input_ids) - 1 for prompt in prompts]
print("| padding | padding mask | read at | France is … | watered the … | difference |")
print("|---|---|---|---|---|--:|")
difference = {}
for side, masked, where in (
    ("none", True, "last"),
    ("left", True, "last"),
    ("left", False, "last"),
    ("right", True, "last"),
    ("right", True, "last real"),
    ("right", False, "last real"),
):
    places = last_real if where == "last real" else [-1, -1]
    found = alone
    if side != "none":
        found = [row[place] for row, place in zip(logits(side, masked), places)]
    words = [tokenizer.decode(row.argmax()).replace("\n", "⏎") for row in found]
    apart = max((a - b).abs().max().item() for a, b in zip(alone, found))
    difference[side, masked, where] = apart
    print("|", side, "|", "yes" if masked else "no", "|", where, "|",
          " | ".join(words), f"| {apart:.3f} |")  # fmt: skip
left_masked, left_unmasked = list(difference.values())[1:3]
right_last, right_real, right_unmasked = list(difference.values())[3:]
