"""Two baselines for sentiment, and which sentences only one of two models gets right."""

import random

import torch
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer

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
        hidden = encoder(**inputs).last_hidden_state  # (sentences, tokens, width)
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

tuned = AutoModelForSequenceClassification.from_pretrained("models/minilm-sentiment")
logits = torch.zeros(1000, 2)
by_length = sorted(range(1000), key=lambda number: len(texts[number]))
for start in range(0, 1000, 50):
    some = by_length[start : start + 50]
    inputs = tokenizer(
        [texts[number] for number in some], padding=True, truncation=True,
        max_length=64, return_tensors="pt",
    )  # fmt: skip
    with torch.no_grad():
        logits[some] = tuned(**inputs).logits
frozen_right = guesses == labels[held]
tuned_right = logits.argmax(-1) == labels[held]
only_tuned = int((tuned_right & ~frozen_right).sum())
only_frozen = int((frozen_right & ~tuned_right).sum())
differ = only_tuned + only_frozen
both_agree = 1000 - differ
gap = (only_tuned - only_frozen) / 1000
paired_error = (differ / 1000 - gap**2) ** 0.5 / 1000**0.5
shares = [frozen_right.float().mean(), tuned_right.float().mean()]
separate_error = float(sum(share * (1 - share) / 1000 for share in shares) ** 0.5)
gap_points, paired_points = 100 * gap, 100 * paired_error
separate_points, errors_wide = 100 * separate_error, gap / paired_error
print(f"right alone: fine-tuned {only_tuned}, regression {only_frozen}")
print(f"gap {gap:.3f}, its standard error {paired_error:.4f} in pairs,")
print(f"{separate_error:.4f} if the two scores came from other sentences")
