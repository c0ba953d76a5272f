"""Thirty-two sentences in batches: how much of the rectangle is padding."""

import matplotlib.pyplot as plt
from transformers import AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
sentences = open("snippets/parallelism/story.txt").read().splitlines()
as_they_come = [len(ids) for ids in tokenizer(sentences).input_ids]


def widths(lengths, size):  # the longest of a batch decides for all of it
    batches = [lengths[i : i + size] for i in range(0, len(lengths), size)]
    return [max(batch) for batch in batches for _ in batch]


real = sum(as_they_come)
wasted, squares = {}, []
orders = {"as they come": as_they_come, "sorted by length": sorted(as_they_come)}
print("in a batch  as they come  sorted by length")
for size in (2, 4, 8, 16, 32):
    figure, axes = plt.subplots(
        1, 2, num=f"texts in a batch = {size}", figsize=(4.4, 3.2), sharey=True
    )
    for ax, (title, lengths) in zip(axes, orders.items()):
        width = widths(lengths, size)
        wasted[title, size] = 1 - real / sum(width)
        if size == 8:
            square = sum(n * n for n in lengths) / sum(n * n for n in width)
            squares.append(1 - square)
        ax.barh(range(32), lengths, height=0.8, color=plots.BLUE)
        filling = [w - n for w, n in zip(width, lengths)]
        ax.barh(range(32), filling, left=lengths, height=0.8, color="none",
                hatch="//////", edgecolor=plots.CUT)  # fmt: skip
        ax.set_yticks([0, 8, 16, 24, 32], ["1", "9", "17", "25", ""])
        ax.set(xlabel="tokens", title=f"{title}: {wasted[title, size]:.0%}")
        ax.title.set_size(9)
    axes[0].set_ylabel("sentence")
    axes[0].invert_yaxis()
    print(f"{size:10}" + "".join(f"{wasted[title, size]:14.0%}" for title in orders))

wasted_as_they_come, wasted_sorted = (wasted[title, 8] for title in orders)
wasted_of_two, wasted_of_all = (wasted["as they come", n] for n in (2, 32))
sorted_of_two = wasted["sorted by length", 2]
squares_as_they_come, squares_sorted = squares
shortest, longest = min(as_they_come), max(as_they_come)
print(f"tokens: {real}, shortest sentence {shortest}, longest {longest}")
