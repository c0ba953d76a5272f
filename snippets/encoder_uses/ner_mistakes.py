"""The sentences of the gold set that the name tagger gets most wrong."""

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

from snippets.shared.tagging import predict, read_bracketed, spans

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm-ner")
model = AutoModelForTokenClassification.from_pretrained("models/minilm-ner")


def show(text, names):
    return ", ".join(
        f"{' '.join(text[begin:end])} ({kind})" for begin, end, kind in sorted(names)
    )


worst, boundary, kind_only, invented, missed = [], 0, 0, 0, 0
for text, tags, _ in read_bracketed("snippets/encoder_uses/gold_ner.txt"):
    truth, guess = spans(tags), spans(predict(model, tokenizer, text))
    worst.append((len(truth ^ guess), text, truth - guess, guess - truth))
    for begin, end, kind in guess - truth:
        over = [t for t in truth if t[0] < end and begin < t[1]]
        kind_only += any(t[:2] == (begin, end) for t in over)
        boundary += bool(over) and all(t[:2] != (begin, end) for t in over)
        invented += not over
    missed += sum(
        all(g[0] >= t[1] or t[0] >= g[1] for g in guess) for t in truth - guess
    )
worst.sort(key=lambda row: -row[0])
print("| sentence | missed | said instead |\n|---|---|---|")
for _, text, lost, wrong in worst[:8]:
    print(f"| {' '.join(text)} | {show(text, lost)} | {show(text, wrong)} |")
perfect = sum(row[0] == 0 for row in worst)
