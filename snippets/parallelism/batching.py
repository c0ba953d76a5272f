"""SmolLM2 writes the next token of 1 to 64 texts in one pass: tokens per second."""

import time

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForCausalLM

from snippets import plots

device = "cuda" if torch.cuda.is_available() else "cpu"
torch.set_grad_enabled(False)
torch.set_num_threads(1)
torch.manual_seed(0)
model = AutoModelForCausalLM.from_pretrained("models/smollm2").to(device)
all_ids = torch.randint(49_152, (64, 4), device=device)  # 64 texts of 4 tokens


def clock():
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


sizes = [1, 2, 4, 8, 16, 32, 64]
pasts = [model(all_ids[:size]).cache for size in sizes]
step_seconds = [float("inf")] * len(sizes)
for _ in range(5):  # rounds: of each size, the least time counts
    for i, (size, past) in enumerate(zip(sizes, pasts)):
        past.crop(-1)  # forget the last token, so that only it must be computed
        start_seconds = clock()
        model(all_ids[:size, -1:], cache=past)
        step_seconds[i] = min(step_seconds[i], clock() - start_seconds)

# tokens per second, with one text as the unit
gain_seconds = [n * step_seconds[0] / t for n, t in zip(sizes, step_seconds)]
eight_gain_seconds, top_gain_seconds = gain_seconds[3], gain_seconds[-1]
longer_seconds = step_seconds[-1] / step_seconds[0]
for size, gain in zip(sizes, gain_seconds):
    print(f"{size:2} texts: {gain:4.1f} times the tokens per second")
figure, ax = plt.subplots(figsize=(4.4, 2.6))
ax.plot(sizes, sizes, "--", color=plots.MUTED, label="if a step cost the same")
ax.plot(sizes, gain_seconds, "o-", color=plots.BLUE, label="measured")
ax.set(xscale="log", yscale="log", xlabel="texts in the batch", ylabel="gain")
ax.set_xticks(sizes, sizes)
ax.set_yticks(sizes, sizes)
ax.minorticks_off()
ax.legend()
ax.set_title("More texts in a step, more tokens per second")
