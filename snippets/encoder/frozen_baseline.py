"""Two baselines for sentiment: the more frequent label, and logistic regression."""

import random

import torch
from transformers import AutoModel, AutoTokenizer

rows = sorted({line.strip() for line in open("models/rated-sentences/films.tsv")})
rows = [(float(rating), text) for rating, text in (row.split("\t") for row in rows)]
clear = [(text, int(rating > 0)) for rating, text in rows if abs(rating) > 1]
random.Random(0).shuffle(clear)  # the same order as in training
texts, labels = zip(*clear[:5000])
held, train = slice(0, 1000), slice(1000, 5000)

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm")
features = torch.zeros(5000, 384)  # (sentences, width)
by_length = sorted(range(5000), key=lambda number: len(texts[number]))
for start in range(0, 5000, 50):
    some = by_length[start : start + 50]
    inputs = tokenizer(
        [texts[number] for number in some], padding=True, truncation=True,
        max_length=64, return_tensors="pt",
    )  # fmt: skip
    mask = inputs.attention_mask.unsqueeze(-1)
    with torch.no_grad():
        hidden = encoder(**inputs).last_hidden_state
    features[some] = torch.nn.functional.normalize((hidden * mask).sum(1), dim=-1)
labels = torch.tensor(labels, dtype=torch.float)

weight = torch.zeros(384, requires_grad=True)
bias = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.LBFGS([weight, bias], line_search_fn="strong_wolfe")
optimizer.param_groups[0]["max_iter"] = 100


def closure():
    optimizer.zero_grad()
    logits = features[train] @ weight + bias
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, labels[train])
    (loss + 1e-5 * weight.square().sum()).backward()
    return loss


optimizer.step(closure)
guesses = (features[held] @ weight + bias > 0).float()
logistic_accuracy = (guesses == labels[held]).float().mean()
most_frequent = labels[train].mean().round()
majority_accuracy = (labels[held] == most_frequent).float().mean()
print(f"the more frequent label: {majority_accuracy:.3f}")
print(f"logistic regression on frozen embeddings: {logistic_accuracy:.3f}")
