"""Every way to cut one word into pieces of a real vocabulary, and the best four."""

import json
import math
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt

from snippets import plots

rules = json.loads(Path("models/en-pt/tokenizer.json").read_text("utf-8"))
scores = dict(rules["model"]["vocab"])  # piece → log-probability
word = "▁sunflowers"

cuts = []
for marks in product(["", " "], repeat=len(word) - 1):  # a cut after a letter, or none
    text = "".join(a + b for a, b in zip(word, (*marks, "")))
    pieces = text.split()
    if all(piece in scores for piece in pieces):
        cuts.append((sum(scores[piece] for piece in pieces), pieces))
cuts.sort(reverse=True)

ways, possible = 2 ** (len(word) - 1), len(cuts)
times_better = math.exp(cuts[0][0] - cuts[1][0])
print(f"{ways} ways to cut {word},")
print(f"{possible} of them into known pieces. The best:")
for total, pieces in cuts[:4]:
    print(f"{total:6.1f} = {' '.join(f'{scores[piece]:.1f}' for piece in pieces)}")

axes = plt.figure(figsize=(4.4, 2.6)).add_subplot()
for row, (total, pieces) in enumerate(cuts[:4]):
    start = 0
    for piece in pieces:
        color = plots.KEPT if row == 0 else plots.CUT
        axes.barh(row, len(piece) - 0.06, left=start, height=0.8, fill=row == 0,
                  color=color, edgecolor=color, linewidth=1)  # fmt: skip
        ink = plots.PAPER if row == 0 else plots.INK
        middle = start + len(piece) / 2 - 0.03
        # The letters above, on one line whatever their tails, and the number below.
        axes.text(middle, row - 0.05, piece, color=ink, ha="center", fontsize=9)
        number = f"{scores[piece]:.1f}".replace("-", "−")
        axes.text(middle, row + 0.3, number, color=ink, ha="center", fontsize=8)
        start += len(piece)
    weight = "bold" if row == 0 else "normal"
    axes.text(11.05, row, f"−{-total:.1f}", va="center", fontweight=weight, fontsize=9)
axes.set(xlim=(-0.05, 12.2), ylim=(3.6, -0.6), title="The highest sum wins")
axes.set_axis_off()
