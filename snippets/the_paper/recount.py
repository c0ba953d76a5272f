"""The parameter counts that the paper states, recomputed from its hyperparameters."""

import matplotlib.pyplot as plt
import torch

from snippets import plots

vocabulary = 37_000  # shared by source, target and the last linear map
rows = {  # width, inner width, layers each side, heads, stated millions
    "base": (512, 2048, 6, 8, 65),
    "2 layers": (512, 2048, 2, 8, 36),
    "4 layers": (512, 2048, 4, 8, 50),
    "8 layers": (512, 2048, 8, 8, 80),
    "width 256": (256, 2048, 6, 8, 28),
    "width 1024": (1024, 2048, 6, 8, 168),
    "inner 1024": (512, 1024, 6, 8, 53),
    "inner 4096": (512, 4096, 6, 8, 90),
    "big": (1024, 4096, 6, 16, 213),
}
counts, gaps = {}, {}
print("| model | recomputed | stated | difference |\n|---|---:|---:|---:|")
for name, (d, f, layers, heads, stated) in rows.items():
    with torch.device("meta"):
        model = torch.nn.Transformer(d, heads, layers, layers, f)
    blocks = sum(parameter.numel() for parameter in model.parameters())
    blocks -= 2 * 2 * d  # PyTorch adds a last norm to each side, the paper has none
    counts[name] = blocks + vocabulary * d
    gaps[name] = counts[name] / 1e6 - stated
    gap = f"{gaps[name]:+.1f} million"
    print(f"| {name} | {counts[name]:,} | {stated} million | {gap} |")

base, big, big_more = counts["base"], counts["big"], gaps["big"]
base_error, big_error = abs(gaps["base"]) / 65, abs(big_more) / 213
errors = sorted(abs(gaps[name]) / rows[name][4] for name in rows)
largest_error, middle_error = errors[-1], errors[len(errors) // 2]
others = [name for name in rows if name != "big"]
narrow, least_512, *_, most_512, wide = sorted(-gaps[name] for name in others)
# Which size of the table would give the stated, rounded millions in all these rows?
fewest = max(vocabulary + (-gaps[n] - 0.5) * 1e6 / rows[n][0] for n in others)
most = min(vocabulary + (-gaps[n] + 0.5) * 1e6 / rows[n][0] for n in others)
plt.figure(figsize=(4.4, 3.2))
plt.axhline(0, color=plots.CUT, linestyle="--")
for name, (d, _, layers, *_) in rows.items():  # the bar: what rounding may have moved
    color, marker = (plots.WARM, "s") if name == "big" else (plots.BLUE, "o")
    place = d + 8 * (layers - 6)  # apart by depth, or those of width 512 would cover
    plt.errorbar(place, gaps[name], yerr=0.5, fmt=marker, color=color, lw=1)
plt.text(1040, gaps["big"], "big", va="center")
plt.gca().set(title="Recomputed minus stated, by width", xticks=[256, 512, 1024],
              xlabel="width", ylabel="recomputed − stated, millions",
              xlim=(180, 1160))  # fmt: skip
