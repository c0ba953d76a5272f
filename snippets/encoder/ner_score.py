"""Score the name tagger on sentences that people labeled: precision, recall, F1."""

from collections import Counter

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

from snippets import plots
from snippets.tagging import predict, read_bracketed, spans

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm-ner")
model = AutoModelForTokenClassification.from_pretrained("models/minilm-ner")

right, found, there = Counter(), Counter(), Counter()
gold = read_bracketed("snippets/encoder/gold_ner.txt")
for text, tags, _ in gold:
    truth, guess = spans(tags), spans(predict(model, tokenizer, text))
    for counter, names in ((right, truth & guess), (found, guess), (there, truth)):
        counter.update(kind for _, _, kind in names)
        counter["all"] += len(names)

print("| kind | names | precision | recall | F1 |\n|---|---|---|---|---|")
scores = {}
for kind in ("PER", "ORG", "LOC", "all"):
    precision, recall = right[kind] / found[kind], right[kind] / there[kind]
    f1 = 2 * precision * recall / (precision + recall)
    scores[kind] = precision, recall, f1
    print(f"| {kind} | {there[kind]} | {precision:.2f} | {recall:.2f} | {f1:.2f} |")
persons_f1, organizations_f1, places_f1, f1 = (score[2] for score in scores.values())
precision, recall = scores["all"][:2]
sentences, names, correct = len(gold), there["all"], right["all"]
spotted = found["all"]

for place, (part, color) in enumerate(
    [("precision", plots.COOL), ("recall", plots.WARM), ("F1", plots.BLUE)]
):
    heights = [score[place] for score in scores.values()]
    bars = plt.bar([i + 0.27 * place for i in range(4)], heights, 0.24, color=color)
    plt.bar_label(bars, fmt="%.2f", fontsize=7)
    bars.set_label(part)
plt.xticks([i + 0.27 for i in range(4)], ["persons", "organizations", "places", "all"])
plt.ylim(0, 1.15), plt.yticks([]), plt.gca().spines["left"].set_visible(False)
plt.legend(ncols=3, loc="upper left"), plt.title("Organizations are the hardest")
