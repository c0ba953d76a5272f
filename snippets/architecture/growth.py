"""How long a token's vector is after each layer, under post-norm and pre-norm."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

robot = "The robot watered the sunflowers because they were thirsty."
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
texts = [robot, *(line.split("\t")[1] for line in lines[:400:10])]


def lengths(folder, start=""):
    """For each text and each depth: the median length of a token's vector."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model, found = AutoModel.from_pretrained(folder), []
    for text in texts:
        inputs = tokenizer(start + text, return_tensors="pt")
        with torch.no_grad():
            states = model(**inputs, output_hidden_states=True).hidden_states
        found.append(torch.cat(states).norm(dim=-1).median(dim=-1).values)
    return torch.stack(found)  # (texts, layers + 1)


post = lengths("models/minilm")
pre = lengths("models/smollm2", "<|endoftext|>")[:, :-1]  # the last is after a norm
post_growth, *post_news = (post[:, -1] / post[:, 0]).tolist()
pre_growth, *pre_news = (pre[:, -1] / pre[:, 0]).tolist()
count, pre_lowest, pre_highest = len(pre_news), min(pre_news), max(pre_news)
post_lowest, post_highest = min(post_news), max(post_news)
for name, all_texts in ("MiniLM, post-norm", post), ("SmolLM2, pre-norm", pre):
    print(f"{name}: from {all_texts[0, 0]:.1f} to {all_texts[0, -1]:.1f}")
plt.plot(pre[0] / pre[0, 0], color=plots.WARM, label="SmolLM2 (pre-norm)")
plt.plot(post[0] / post[0, 0], "--", color=plots.COOL, label="MiniLM (post-norm)")
plt.gca().set(yscale="log", title="SmolLM2's vectors grow, MiniLM's do not",
              xlabel="layers passed", ylabel="length, first = 1")  # fmt: skip
plt.yticks([1, 10, 100], ["1", "10", "100"])
plt.legend()
