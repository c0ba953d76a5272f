"""An LSTM and a Transformer of equal size learn to name the letter d steps back."""

import matplotlib.pyplot as plt
import torch

from snippets import plots
from snippets.shared.recall import LETTERS, Recurrent, Transformer, train

distances = [2, 4, 8, 16, 32, 64]
runs = {
    "Transformer": (Transformer, 300, distances),
    "LSTM": (Recurrent, 300, distances),
    "LSTM, 4 times the steps": (Recurrent, 1200, [8, 16]),
}
looks = [(plots.BLUE, "o-"), (plots.WARM, "s-"), (plots.WARM, "D:")]
models, done, right, size = {}, {}, {}, {}
ax = plt.figure(figsize=(4.4, 3)).add_subplot()
for (name, (reader, steps, trained)), (color, line) in zip(runs.items(), looks):
    for distance in trained:
        torch.manual_seed(0)
        model = models.setdefault((reader, distance), reader())  # or one that goes on
        before = done.get(model, 0)  # steps: the texts of those that follow are new
        right[name, distance] = train(model, distance, steps - before, seed=before)
        done[model] = steps
    size[name] = sum(p.numel() for p in model.parameters())
    shares = [right[name, distance] for distance in trained]
    ax.plot(trained, shares, line, color=color, label=name)
    print(f"{name}: {size[name]:,} parameters, {steps} steps")
    print("  " + "  ".join(f"{d}: {share:.0%}" for d, share in zip(trained, shares)))

chance = 1 / LETTERS
ax.axhline(chance, color=plots.CUT, linewidth=1, linestyle="--")
ax.text(2, chance + 0.02, "guessing", color=plots.MUTED, fontsize=8)
ax.set_xscale("log")
ax.set_xticks(distances, distances)
ax.minorticks_off()
ax.set_yticks([0, 0.5, 1], ["0%", "50%", "100%"])
ax.set(xlabel="distance: steps back to the letter", ylabel="right answers")
ax.set_title("The farther back, the slower the LSTM learns")
ax.legend(loc="center left", bbox_to_anchor=(0, 0.32))
lstm_4, lstm_8, lstm_16, lstm_32, lstm_64 = (right["LSTM", d] for d in distances[1:])
longer_8, longer_16 = shares  # of the last run
transformer_lowest = min(right["Transformer", d] for d in distances)
lstm_size, transformer_size = size["LSTM"], size["Transformer"]
