"""Score the name tagger on sentences labeled by hand: precision, recall, F1."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

from snippets import plots
from snippets.shared.tagging import predict, read_bracketed, spans

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm-ner")
model = AutoModelForTokenClassification.from_pretrained("models/minilm-ner")

gold = read_bracketed("snippets/encoder_uses/gold_ner.txt")
kinds = ["PER", "ORG", "LOC", "all"]
counts = torch.zeros(len(gold), 3, 4)  # (sentences, right or found or there, kinds)
for counted, (text, tags, _) in zip(counts, gold):
    truth, guess = spans(tags), spans(predict(model, tokenizer, text))
    for row, some in zip(counted, (truth & guess, guess, truth)):
        for *_, kind in some:
            row[[kinds.index(kind), 3]] += 1

right, found, there = counts.sum(0)  # (kinds,) each
scores = torch.stack([right / found, right / there, 2 * right / (found + there)])
torch.manual_seed(0)  # other sentences that we might have
draws = torch.randint(len(gold), (2000, len(gold)))
right_d, found_d, there_d = counts[draws].sum(1).unbind(1)  # (draws, kinds) each
drawn = 2 * right_d / (found_d + there_d)
low, high = drawn.quantile(torch.tensor([0.025, 0.975]), dim=0)
print("| kind | names | precision | recall | F1 | F1, 95 in 100 draws |")
print("|---|---|---|---|---|---|")
for i, kind in enumerate(kinds):
    row = " | ".join(f"{score:.2f}" for score in scores[:, i])
    print(f"| {kind} | {there[i]:.0f} | {row} | {low[i]:.2f} to {high[i]:.2f} |")
persons_f1, organizations_f1, places_f1, f1 = scores[2].tolist()
last = (drawn[:, 1] <= drawn[:, [0, 2]].min(1).values).float().mean()
organizations_last = float(last)  # in this share of the draws
sentences, names = len(gold), int(there[3])
correct, spotted = int(right[3]), int(found[3])

for place, (part, color) in enumerate(
    [("precision", plots.COOL), ("recall", plots.WARM), ("F1", plots.BLUE)]
):
    heights = scores[place].tolist()
    bars = plt.bar([i + 0.27 * place for i in range(4)], heights, 0.24, color=color)
    plt.bar_label(bars, fmt="%.2f", fontsize=7)
    bars.set_label(part)
plt.xticks([i + 0.27 for i in range(4)], ["persons", "organizations", "places", "all"])
plt.ylim(0, 1.15), plt.yticks([]), plt.gca().spines["left"].set_visible(False)
plt.legend(ncols=3, loc="upper left"), plt.title("Three kinds, whose ranges overlap")
