"""Top-p sampling: keep the smallest set of tokens whose probabilities reach p."""

import torch
from matplotlib import pyplot as plt
from transformers import AutoModelForCausalLM, AutoTokenizer, TopPLogitsWarper

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")


def top_p(logits, p):
    ordered, places = logits.sort()  # ascending, so the tail comes first
    tail = ordered.softmax(-1).cumsum(-1) <= 1 - p  # less probable tokens, summed up
    tail[..., -1] = False  # the best token always stays
    return logits.masked_fill(tail.scatter(-1, places, tail), -torch.inf)


flat = "The robot watered the"
peaked = "The capital of France is"
steps = []
for text in (flat, peaked):
    ids = tokenizer(text, return_tensors="pt").input_ids
    steps.append((ids, model(ids).logits[:, -1].detach()))  # (1, vocabulary)

same, counts = True, {}
for p in (0.5, 0.7, 0.8, 0.9, 0.95):
    figure, axes = plt.subplots(1, 2, num=f"p = {p}", figsize=(4.4, 2.7))
    for ax, (ids, logits), name in zip(axes, steps, ("Flat", "Peaked")):
        kept = top_p(logits, p)
        same = same and torch.equal(kept, TopPLogitsWarper(p)(ids, logits))
        probabilities = logits.softmax(-1)[0]  # (vocabulary,)
        top = probabilities.topk(9).indices
        words = [tokenizer.decode(id).strip() or "␣" for id in top]
        counts[name, p] = kept.isfinite().sum().item()
        title = f"{name}: {counts[name, p]} kept"
        keep = kept[0, top].isfinite()
        plots.bars(words, probabilities[top], keep, title=title, unit=".1%", ax=ax)
    print(f"p = {p}: {counts['Flat', p]:4} tokens are kept at the flat step,"
          f" {counts['Peaked', p]} at the peaked one")  # fmt: skip
print("equal to TopPLogitsWarper:", same)
flat_count, peaked_count = counts["Flat", 0.8], counts["Peaked", 0.8]
flat_half, flat_most = counts["Flat", 0.5], counts["Flat", 0.95]
peaked_half, peaked_most = counts["Peaked", 0.5], counts["Peaked", 0.95]
