"""MiniLM without its additions: is it the averages that make its tokens alike?"""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = [line.split("\t")[1] for line in lines[:400:10]]


def strongest(weights):  # all to one token: nothing is averaged
    return torch.nn.functional.one_hot(weights.argmax(-1), weights.shape[-1]).float()


def elsewhere(weights):  # each row keeps its weights, and gives them to other tokens
    return weights.gather(-1, torch.rand(weights.shape).argsort(-1))


def without(parts, change):
    """MiniLM without the additions around these parts, and with other weights."""

    def attend(attention, given, made):
        weights = change(made[1])  # (1, heads, tokens, tokens)
        value = attention.value(given[0]).unflatten(-1, (12, 32)).transpose(1, 2)
        return (weights @ value).transpose(1, 2).flatten(2), weights

    model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
    for layer in model.encoder.layer:
        layer.attention.self.register_forward_hook(attend)
        for part in map(layer.get_submodule, parts):  # was: norm(dense(new) + old)
            part.forward = lambda new, old, part=part: part.LayerNorm(part.dense(new))
    return model


def alike(model, text):
    """The average cosine between the last vectors of two different tokens."""
    with torch.no_grad():
        states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
    unit = torch.nn.functional.normalize(states, dim=-1)  # (tokens, 384)
    return ((unit @ unit.T).sum().item() - len(unit)) / (len(unit) ** 2 - len(unit))


torch.manual_seed(0)
ways = {"an average": lambda weights: weights,
        "an average, at random places": elsewhere,
        "the token with most weight": strongest,
        "one token at random": lambda row: strongest(elsewhere(row))}  # fmt: skip
print("| each head takes | both left out | around attention |\n|---|---:|---:|")
found, means = {}, []
for row, (way, change) in enumerate(ways.items()):
    for left_out in ("attention.output", "output"), ("attention.output",):
        model = without(left_out, change)
        found[row, len(left_out)] = sorted(alike(model, text) for text in news)
    means.append([sum(found[row, parts]) / len(news) for parts in (2, 1)])
    print(f"| {way} | {means[row][0]:.3f} | {means[row][1]:.3f} |")
elsewhere_lowest = min(found[1, 2][0], found[1, 1][0])
most_both, most_around = means[2]
random_highest = max(found[3, 2][-1], found[3, 1][-1])
