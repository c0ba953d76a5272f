"""Top-k sampling: keep the k most probable tokens, cut the rest, renormalize."""

import torch
from matplotlib import pyplot as plt
from transformers import AutoModelForCausalLM, AutoTokenizer, TopKLogitsWarper

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")


def top_k(logits, k):
    smallest = logits.topk(k).values[..., -1:]  # the k-th largest logit
    return logits.masked_fill(logits < smallest, -torch.inf)


flat = "The robot watered the"
peaked = "The capital of France is"
figure, axes = plt.subplots(1, 2, figsize=(4.4, 2.7))
same, shares = True, []
for ax, text, name in zip(axes, (flat, peaked), ("A flat step", "A peaked step")):
    ids = tokenizer(text, return_tensors="pt").input_ids
    logits = model(ids).logits[:, -1].detach()  # (1, vocabulary)
    kept = top_k(logits, k=5)
    same = same and torch.equal(kept, TopKLogitsWarper(5)(ids, logits))
    probabilities = logits.softmax(-1)[0]  # (vocabulary,)
    top = probabilities.topk(9).indices
    words = [tokenizer.decode(id).strip() or "␣" for id in top]
    shares.append(probabilities[kept[0].isfinite()].sum().item())
    print(f"…{text[-20:]}: the kept {kept.isfinite().sum()} hold {shares[-1]:.3f}")
    keep = kept[0, top].isfinite()
    plots.bars(words, probabilities[top], keep, title=name, unit=".1%", ax=ax)
print("equal to TopKLogitsWarper:", same)
flat_share, peaked_share = shares
