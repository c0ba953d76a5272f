"""The same sentiment model on texts that are not film reviews."""

import random

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from snippets.shared.rated import ask

tokenizer = AutoTokenizer.from_pretrained("models/minilm-sentiment")
model = AutoModelForSequenceClassification.from_pretrained("models/minilm-sentiment")
accuracies = {}
for kind in ("products", "tweets", "news"):
    path = f"models/rated-sentences/{kind}.tsv"
    rows = sorted({line.strip() for line in open(path, encoding="utf-8")})
    rows = [(float(rating), text) for rating, text in (row.split("\t") for row in rows)]
    clear = [(text, int(rating > 0)) for rating, text in rows if abs(rating) > 1]
    clear = random.Random(0).sample(clear, 300)
    texts, labels = zip(*clear)
    guesses = ask(model, tokenizer, texts, lambda out, mask: out.logits).argmax(-1)
    right = (guesses == torch.tensor(labels)).sum().item()
    positive = sum(label for _, label in clear) / 300
    accuracies[kind] = right / 300
    print(f"{kind:<8} accuracy {right / 300:.2f}   always-the-same-label baseline "
          f"{max(positive, 1 - positive):.2f}")  # fmt: skip
products, tweets, news = accuracies.values()
spread_points = 100 * (max(accuracies.values()) - min(accuracies.values()))
mean = sum(accuracies.values()) / 3
error_points = 100 * (mean * (1 - mean) / 300) ** 0.5  # of one score
