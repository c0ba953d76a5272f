"""How much SmolLM2 computes for each byte of weights it reads, and what that allows."""

import matplotlib.pyplot as plt
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import AutoConfig, AutoModelForCausalLM

from snippets import plots

config = AutoConfig.from_pretrained("models/smollm2")
config._attn_implementation = "eager"
with torch.device("meta"):  # shapes without numbers: nothing is computed
    model = AutoModelForCausalLM.from_config(config)
parameters = sum(weight.numel() for weight in model.parameters())
weight_bytes = 2 * parameters  # two bytes a number

peak = 312e12  # operations a second, A100 80 GB, bfloat16, from its data sheet
bandwidth = 2039e9  # bytes a second from its memory, the same sheet


def multiply_adds(n):
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, n, dtype=torch.long, device="meta"))
    counts = counter.get_flop_counts()["Global"].items()
    by_name = {str(name): count // 2 for name, count in counts}
    return by_name["aten.mm"]  # products with weights; scores are aten.bmm


print("| tokens | multiply-adds | per byte | waits for |")
print("|---:|---:|---:|:---|")
for n in (1, 16, 256, 1024):
    work = multiply_adds(n)
    reading, computing = weight_bytes / bandwidth, 2 * work / peak  # seconds, at least
    slower = "memory" if reading > computing else "arithmetic"
    print(f"| {n} | {work / 1e6:,.0f} M | {work / weight_bytes:.1f} | {slower} |")

single = multiply_adds(1)
linear = work == 1024 * single
per_byte = single / weight_bytes
ridge = peak / bandwidth / (2 * per_byte)  # tokens at which the two limits are equal
lengths = [2**i for i in range(11)]
bounds = [min(n * bandwidth / weight_bytes, peak / (2 * single)) for n in lengths]
one_bound, top_bound_millions = round(bounds[0], -2), bounds[-1] / 1e6
figure, ax = plt.subplots(figsize=(4.4, 2.7))
ax.loglog(lengths, bounds, "o-", color=plots.BLUE)
ax.axvline(ridge, color=plots.CUT, linewidth=1)
ax.text(ridge * 0.85, one_bound, f"{ridge:.0f} tokens", ha="right")
ax.set_xticks([1, 4, 16, 64, 256, 1024], [1, 4, 16, 64, 256, 1024])
ax.set_yticks([1e4, 1e5, 1e6], ["10,000", "100,000", "1,000,000"])
ax.minorticks_off()
ax.set(xlabel="tokens in one pass", ylabel="tokens per second, at most")
ax.set_title("More tokens in a pass, up to a roof")
