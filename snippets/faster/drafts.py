"""Drafts for SmolLM2: itself, with layers left out. How often they agree, what they cost."""

import torch
from torch.nn import ModuleList
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
texts = open("snippets/decoder/beginnings.txt", encoding="utf-8").read().splitlines()
batch = tokenizer(["<|endoftext|>" + t for t in texts], padding=True, return_tensors="pt")
NEW, GUESSES = 20, 4
ids = model.generate(**batch, max_new_tokens=NEW, do_sample=False)
mask = torch.cat([batch.attention_mask, torch.ones(len(texts), NEW).long()], dim=1)
places = (mask.cumsum(1) - 1).clamp(min=0)
written, layers = ids[:, -NEW:], model.model.layers  # written: (texts, new)


def read(left_out):
    """The logits of the model without these layers at each token that was written."""
    model.model.layers = ModuleList(x for n, x in enumerate(layers) if n not in left_out)
    logits = model(ids, attention_mask=mask, position_ids=places, use_cache=False,
                   logits_to_keep=NEW + 1).logits  # fmt: skip
    model.model.layers = layers
    return logits[:, :-1]  # (texts, new, 49152)


def rounds(agreed):
    """Passes of the target: each takes the guesses up to the first wrong one, and one."""
    count, run = 0, 0
    for right in agreed:
        count, run = (count, run + 1) if right and run < GUESSES else (count + 1, 0)
    return count + (run > 0)


numbers = sum(weight.numel() for weight in model.parameters())
each = sum(weight.numel() for weight in layers[0].parameters())
target = read([]).softmax(-1)
print("| without layers | agree | lowest | highest | overlap | per pass | cost | read |")
print("|---|--:|--:|--:|--:|--:|--:|--:|")
found = {}
for name, out in {"20": [20], "18 to 21": range(18, 22), "14 to 21": range(14, 22),
                  "11": [11]}.items():  # fmt: skip
    logits = read(out)
    agreed = logits.argmax(-1) == written  # (texts, new)
    shares = agreed.float().mean(1)
    overlap = torch.minimum(logits.softmax(-1), target).sum(-1).mean().item()
    tokens = written.numel() / sum(rounds(row) for row in agreed.tolist())
    cost = 1 - len(out) * each / numbers
    read_now = (1 + GUESSES * cost) / tokens
    found[name] = shares.mean().item(), overlap, tokens, cost, read_now
    print(f"| {name} | {shares.mean():.0%} | {shares.min():.0%} | {shares.max():.0%} |"
          f" {overlap:.0%} | {tokens:.2f} | {cost:.2f} | {read_now:.2f} |")  # fmt: skip
agree_one, overlap_one, tokens_one, cost_one, read_one = found["20"]
agree_sink = found["11"][0]
tokens_four, cost_four, read_four = found["18 to 21"][2:]
least_read = min(row[4] for row in found.values())
even_four = (tokens_four - 1) / GUESSES  # the cost at which as much is read as without
count = len(texts)
