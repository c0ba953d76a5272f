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
figure, axes = plt.subplots(1, 2, figsize=(4.4, 2.7))
same, counts = True, []
for ax, text, name in zip(axes, (flat, peaked), ("A flat step", "A peaked step")):
    ids = tokenizer(text, return_tensors="pt").input_ids
    logits = model(ids).logits[:, -1].detach()  # (1, vocabulary)
    kept = top_p(logits, p=0.8)
    same = same and torch.equal(kept, TopPLogitsWarper(0.8)(ids, logits))
    probabilities = logits.softmax(-1)[0]  # (vocabulary,)
    top = probabilities.topk(9).indices
    words = [tokenizer.decode(id).strip() or "␣" for id in top]
    counts.append(kept.isfinite().sum().item())
    print(f"…{text[-20:]}: {counts[-1]} tokens are kept")
    keep = kept[0, top].isfinite()
    plots.bars(words, probabilities[top], keep, title=name, unit=".1%", ax=ax)
print("equal to TopPLogitsWarper:", same)
flat_count, peaked_count = counts
