"""How long a token's vector is after each layer, under post-norm and pre-norm."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

sentence = "The robot watered the sunflowers because they were thirsty."


def lengths(folder):
    """For each depth: the median length of a token's vector."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder)
    inputs = tokenizer(sentence, return_tensors="pt")
    with torch.no_grad():
        states = model(**inputs, output_hidden_states=True).hidden_states
    return torch.cat(states).norm(dim=-1).median(dim=-1).values  # (layers + 1,)


post = lengths("models/minilm")
pre = lengths("models/smollm2")[:-1]  # the last one has already passed the last norm
post_growth = (post[-1] / post[0]).item()
pre_growth = (pre[-1] / pre[0]).item()
print(f"MiniLM, post-norm: from {post[0]:.1f} to {post[-1]:.1f}")
print(f"SmolLM2, pre-norm: from {pre[0]:.1f} to {pre[-1]:.1f}")
plt.plot(pre / pre[0], color=plots.WARM, label="SmolLM2 (pre-norm)")
plt.plot(post / post[0], "--", color=plots.COOL, label="MiniLM (post-norm)")
plt.gca().set(yscale="log", title="SmolLM2's vectors grow, MiniLM's do not",
              xlabel="layers passed", ylabel="length, first = 1")  # fmt: skip
plt.yticks([1, 10, 100], ["1", "10", "100"])
plt.legend()
