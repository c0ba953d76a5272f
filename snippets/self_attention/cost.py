"""Operations in one layer of MiniLM, counted as it runs, for growing lengths."""

import matplotlib.pyplot as plt
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoModel

from snippets import plots

model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
layer = model.encoder.layer[0].to("meta")  # shapes without numbers: nothing is computed
heads = 12

lengths = [64, 128, 256, 512, 1024, 2048, 4096, 8192]
attention, rest = [], []
print("| tokens | attention | all the rest | weights |")
print("|---:|---:|---:|---:|")
for length in lengths:
    with FlopCounterMode(display=False) as counter:
        layer(torch.empty(1, length, 384, device="meta"))
    counts = counter.get_flop_counts()["Global"]
    by_name = {str(name): count for name, count in counts.items()}
    attention.append(by_name["aten.bmm"])  # both factors depend on x
    rest.append(by_name["aten.addmm"])  # one factor is a matrix of parameters
    megabytes = heads * length**2 * 4 / 1e6  # four bytes a weight
    numbers = f"{attention[-1] / 1e9:.2f} | {rest[-1] / 1e9:.2f} | {megabytes:,.1f} MB"
    print(f"| {length} | {numbers} |")

ratio = attention[-1] / attention[-2]
rest_ratio = rest[-1] / rest[-2]
share_at_512 = attention[3] / (attention[3] + rest[3])
crossing = round(lengths[0] * rest[0] / attention[0])
figure, ax = plt.subplots()
ax.loglog(lengths, attention, "o-", color=plots.BLUE, label="Q·K and weights·V")
ax.loglog(lengths, rest, "s--", color=plots.MUTED, label="all other products")
ax.axvline(crossing, color=plots.CUT, linewidth=1)
ax.text(crossing * 0.9, attention[0], f"{crossing:,} tokens", ha="right")
ax.set_xticks(lengths[::2], lengths[::2])
ax.set_yticks([1e7, 1e8, 1e9, 1e10, 1e11], ["10 M", "100 M", "1 G", "10 G", "100 G"])
ax.minorticks_off()
ax.set_xlabel("tokens in the sequence")
ax.set_ylabel("operations")
ax.legend()
ax.set_title("Attention grows with the square")
