"""Is the fine-tuned model right as often as its probabilities say?"""

import random

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

torch.set_grad_enabled(False)
rows = sorted({line.strip() for line in open("models/rated-sentences/films.tsv")})
rows = [(float(rating), text) for rating, text in (row.split("\t") for row in rows)]
clear = [(text, int(rating > 0)) for rating, text in rows if abs(rating) > 1]
random.Random(0).shuffle(clear)  # the same order as in training: a thousand held out
clear = sorted(clear[:1000], key=lambda row: len(row[0]))  # little padding

tokenizer = AutoTokenizer.from_pretrained("models/minilm-sentiment")
model = AutoModelForSequenceClassification.from_pretrained("models/minilm-sentiment")
sure, right = [], []
for start in range(0, 1000, 50):
    texts, labels = zip(*clear[start : start + 50])
    batch = tokenizer(
        list(texts), padding=True, truncation=True, max_length=64, return_tensors="pt"
    )
    best = model(**batch).logits.softmax(-1).max(-1)
    sure += best.values.tolist()
    right += (best.indices == torch.tensor(labels)).tolist()

sure, right = torch.tensor(sure), torch.tensor(right).float()
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
sure_off_points = abs(sure_gap_points)
