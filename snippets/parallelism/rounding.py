"""The same text read in one pass and in four: in two bytes, some choices differ."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
text = open("snippets/parallelism/story.txt").read()
ids = tokenizer(text, return_tensors="pt").input_ids  # (1, tokens)


def read(model, parts):
    past, rows = None, []
    for part in ids.chunk(parts, dim=1):
        output = model(part, cache=past)
        past = output.cache
        rows.append(output.logits.float())
    return torch.cat(rows, dim=1)[0]  # (tokens, vocabulary)


differences, other_choices = [], []
gaps = {}
for dtype in (torch.float32, torch.bfloat16):
    model = AutoModelForCausalLM.from_pretrained("models/smollm2", dtype=dtype)
    one, four = read(model, 1), read(model, 4)
    differences.append((one - four).abs().max().item())
    changed = one.argmax(-1) != four.argmax(-1)
    other_choices.append(changed.sum().item())
    first, second = one.topk(2).values.T  # logits
    gaps[dtype] = first - second  # (tokens,), of the one pass
    print(f"{str(dtype)[6:]:8} {other_choices[-1]:2} of {ids.shape[1]} choices differ,"
          f" logits by {differences[-1]:.0e}")  # fmt: skip

tokens = ids.shape[1]
four_bytes, two_bytes = other_choices
moved = differences[-1]  # in two bytes
exact = gaps[torch.float32]
widest_gap, usual_gap = exact[changed].max().item(), exact.median().item()
print("first choice less second, in logits:")
print(f"of half at least {usual_gap:.1f}, of those changed at most {widest_gap:.1f}")
