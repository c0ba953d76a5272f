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

same, firsts, shares = True, {}, {}
for T in (0.2, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0):
    probabilities = (logits / T).softmax(-1)  # (1, vocabulary)
    library = TemperatureLogitsWarper(T)(ids, logits).softmax(-1)
    same = same and torch.equal(probabilities, library)
    entropy = -(probabilities * probabilities.clamp(1e-30).log()).sum()
    firsts[T] = probabilities.max().item()
    shares[T] = probabilities[0, top].sum().item()
    print(f"T = {T}: these eight hold {shares[T]:.2f}, entropy {entropy:.2f}")
    ax = plt.figure(f"temperature = {T}", figsize=(4.4, 2.6)).add_subplot()
    title = f"“it” gets {firsts[T]:.1%}, all eight {shares[T]:.0%}"
    plots.bars(words, probabilities[0, top], title=title, unit=".1%", ax=ax)
    ax.set_xlim(0, 1.15)  # one scale for all
print("equal to TemperatureLogitsWarper:", same)
cold_share, hot_share = shares[0.5], shares[2.0]
coldest_first, hottest_first = firsts[0.2], firsts[3.0]
hot_others = 1 - hot_share
