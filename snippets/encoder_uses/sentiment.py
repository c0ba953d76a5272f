"""Score the fine-tuned sentiment model on new reviews: is it right, and as sure?"""

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from snippets import plots
from snippets.shared.rated import ask, clear_reviews

texts, labels = zip(*clear_reviews()[:1000])  # held out from the training
tokenizer = AutoTokenizer.from_pretrained("models/minilm-sentiment")
model = AutoModelForSequenceClassification.from_pretrained("models/minilm-sentiment")
logits = ask(model, tokenizer, texts, lambda out, mask: out.logits)  # (sentences, 2)
sure, guesses = logits.softmax(-1).max(-1)

table = torch.zeros(2, 2)  # (what people say, what the model says)
for label, guess in zip(labels, guesses.tolist()):
    table[label, guess] += 1
held_out = int(table.sum())
accuracy = table.diagonal().sum() / held_out
too_kind, too_harsh = int(table[0, 1]), int(table[1, 0])
shares = table / table.sum(1, keepdim=True)
plots.heatmap(
    shares, ["people: blame", "people: praise"], ["model: blame", "model: praise"],
    "Most sentences are judged right", numbers=True,
)  # fmt: skip

right = (guesses == torch.tensor(labels)).float()
print("| probability of its label | sentences | mean probability | right |")
print("|---|--:|--:|--:|")
for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 0.97), (0.97, 1)):
    chosen = (low <= sure) & ((sure < high) | (high == 1))
    said, was = sure[chosen].mean().item(), right[chosen].mean().item()
    print(f"| {low:.0%} to {high:.0%} | {int(chosen.sum())} | {said:.0%} | {was:.0%} |")


def compared(chosen):
    """How many sentences, and in points: said minus right, and its standard error."""
    gaps = 100 * (sure[chosen] - right[chosen])
    return len(gaps), gaps.mean().item(), (gaps.std() / len(gaps) ** 0.5).item()


unsure_count, unsure_gap_points, unsure_error_points = compared(sure < 0.9)
sure_count, sure_gap_points, sure_error_points = compared(sure >= 0.9)
sure_more_points = -sure_gap_points
