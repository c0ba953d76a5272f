"""MiniLM with its residual connections, and without them: its tokens turn one way."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
robot = "The robot watered the sunflowers because they were thirsty."
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = [line.split("\t")[1] for line in lines[:400:10]]


def without(parts, look=True):
    """MiniLM without the additions around these parts of each layer."""
    model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
    for layer in model.encoder.layer:
        for part in map(layer.get_submodule, parts):  # was: norm(dense(new) + old)
            part.forward = lambda new, old, part=part: part.LayerNorm(part.dense(new))
        if not look:  # each token takes its own value, and nothing of the others
            own = lambda part, given, made: (part.value(given[0]), None)
            layer.attention.self.register_forward_hook(own)
    return model


def alike(model, text):
    """The average cosine between two different tokens, at each depth."""
    with torch.no_grad():
        out = model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True)
    unit = torch.nn.functional.normalize(torch.cat(out.hidden_states), dim=-1)
    tokens = unit.shape[1]  # unit: (layers + 1, tokens, 384)
    return ((unit @ unit.mT).sum(dim=(1, 2)) - tokens) / (tokens**2 - tokens)


both, lowest, highest = ("attention.output", "output"), {}, {}
cases = {"nothing": without(()), "both additions": without(both),
         "that around attention": without(both[:1]),
         "that around the feed-forward network": without(both[1:]),
         "both, and all looks at others": without(both, look=False)}  # fmt: skip
print("| left out in each layer | lowest | mean | highest |\n|---|---:|---:|---:|")
for name, model in cases.items():
    found = torch.stack([alike(model, text)[-1] for text in news])  # (sentences,)
    lowest[name], highest[name] = found.min().item(), found.max().item()
    print(f"| {name} | {lowest[name]:.3f} | {found.mean():.3f} | {highest[name]:.3f} |")
with_them, gone = (alike(cases[name], robot) for name in list(cases)[:2])
last_with, last_without = with_them[-1].item(), gone[-1].item()
_, lowest_without, lowest_attention, *_ = lowest.values()
highest_with, _, _, highest_feed, highest_alone = highest.values()
plt.plot(gone, "o-", color=plots.WARM, label="without residuals")
plt.plot(with_them, "s--", color=plots.COOL, label="with residuals")
plt.gca().set(title="Without residuals its tokens turn one way", ylim=(0, 1.05))
plt.gca().set(xlabel="layers passed", ylabel="average cosine")
plt.legend()
