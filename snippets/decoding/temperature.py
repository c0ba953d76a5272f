"""Temperature: divide the logits by T before softmax."""

import torch
from matplotlib import pyplot as plt
from transformers import AutoModelForCausalLM, AutoTokenizer, TemperatureLogitsWarper

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

prompt = "The robot watered the sunflowers because"
ids = tokenizer(prompt, return_tensors="pt").input_ids  # (1, tokens)
logits = model(ids).logits[:, -1].detach()  # (1, vocabulary)
top = logits[0].topk(8).indices
words = [tokenizer.decode(id) for id in top]

figure, axes = plt.subplots(1, 3, figsize=(4.4, 2.8))
same, shares = True, []
for ax, T in zip(axes, (0.5, 1.0, 2.0)):
    probabilities = (logits / T).softmax(-1)  # (1, vocabulary)
    library = TemperatureLogitsWarper(T)(ids, logits).softmax(-1)
    same = same and torch.equal(probabilities, library)
    entropy = -(probabilities * probabilities.clamp(1e-30).log()).sum()
    shares.append(probabilities[0, top].sum().item())
    print(f"T = {T}: these eight hold {shares[-1]:.2f}, entropy {entropy:.2f}")
    plots.bars(words, probabilities[0, top], title=f"T = {T}", unit=".0%", ax=ax)
    ax.set_xlim(0, 0.8)  # one scale for all three
    if T != 0.5:
        ax.set_yticklabels([])
print("equal to TemperatureLogitsWarper:", same)
cold_share, warm_share, hot_share = shares
hot_others = 1 - hot_share
