"""Score the fine-tuned sentiment model on a thousand reviews that it never saw."""

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from snippets import plots
from snippets.shared.rated import ask, clear_reviews

texts, labels = zip(*clear_reviews()[:1000])  # held out from the training
tokenizer = AutoTokenizer.from_pretrained("models/minilm-sentiment")
model = AutoModelForSequenceClassification.from_pretrained("models/minilm-sentiment")
table = torch.zeros(2, 2)  # (what people say, what the model says)
logits = ask(model, tokenizer, texts, lambda out, mask: out.logits)  # (sentences, 2)
for label, guess in zip(labels, logits.argmax(-1).tolist()):
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
