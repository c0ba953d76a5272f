"""Thirty-two sentences in batches of eight: how much of the rectangle is padding."""

import matplotlib.pyplot as plt
from transformers import AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
sentences = open("snippets/parallelism/story.txt").read().splitlines()
as_they_come = [len(ids) for ids in tokenizer(sentences).input_ids]
size = 8


def widths(lengths):  # the longest of a batch decides for all of it
    batches = [lengths[i : i + size] for i in range(0, len(lengths), size)]
    return [max(batch) for batch in batches for _ in batch]


real = sum(as_they_come)
figure, axes = plt.subplots(1, 2, figsize=(4.4, 3.2), sharey=True)
wasted, squares = [], []
orders = (as_they_come, sorted(as_they_come))
for ax, lengths, title in zip(axes, orders, ("as they come", "sorted by length")):
    width = widths(lengths)
    wasted.append(1 - real / sum(width))
    squares.append(1 - sum(n * n for n in lengths) / sum(n * n for n in width))
    print(f"{title:16} {sum(width):4} places, {wasted[-1]:.0%} padding")
    ax.barh(range(32), lengths, height=0.8, color=plots.BLUE)
    filling = [w - n for w, n in zip(width, lengths)]
    ax.barh(range(32), filling, left=lengths, height=0.8, color="none",
            hatch="//////", edgecolor=plots.CUT)  # fmt: skip
    ax.set_yticks([0, 8, 16, 24, 32], ["1", "9", "17", "25", ""])
    ax.set(xlabel="tokens", title=f"{title}: {wasted[-1]:.0%}")
    ax.title.set_size(9)
axes[0].set_ylabel("sentence")
axes[0].invert_yaxis()

wasted_as_they_come, wasted_sorted = wasted
squares_as_they_come, squares_sorted = squares
shortest, longest = min(as_they_come), max(as_they_come)
print(f"tokens: {real}, shortest sentence {shortest}, longest {longest}")
