"""Score the fine-tuned sentiment model on a thousand reviews that it never saw."""

import random

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from snippets import plots

rows = sorted({line.strip() for line in open("models/rated-sentences/films.tsv")})
rows = [(float(rating), text) for rating, text in (row.split("\t") for row in rows)]
clear = [(text, int(rating > 0)) for rating, text in rows if abs(rating) > 1]
random.Random(0).shuffle(clear)  # the same order as in training

tokenizer = AutoTokenizer.from_pretrained("models/minilm-sentiment")
model = AutoModelForSequenceClassification.from_pretrained("models/minilm-sentiment")
table = torch.zeros(2, 2)  # (what people say, what the model says)
for start in range(0, 1000, 50):
    texts, labels = zip(*clear[start : start + 50])
    inputs = tokenizer(
        list(texts), padding=True, truncation=True, max_length=64, return_tensors="pt"
    )
    with torch.no_grad():
        guesses = model(**inputs).logits.argmax(-1).tolist()
    for label, guess in zip(labels, guesses):
        table[label, guess] += 1

held_out = int(table.sum())
accuracy = table.diagonal().sum() / held_out
too_kind, too_harsh = int(table[0, 1]), int(table[1, 0])
print(f"accuracy on {held_out} held-out reviews: {accuracy:.3f}")
print(f"blame taken for praise: {too_kind}, praise taken for blame: {too_harsh}")
shares = table / table.sum(1, keepdim=True)
plots.heatmap(
    shares, ["people: blame", "people: praise"], ["model: blame", "model: praise"],
    "Most sentences are judged right", numbers=True,
)  # fmt: skip
