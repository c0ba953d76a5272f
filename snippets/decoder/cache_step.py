"""Time of the next step against the length of the text, with and without a cache."""

import time

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForCausalLM

from snippets import plots

model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)
torch.manual_seed(0)


def clock(ids, past=None):
    start = time.process_time()
    output = model(ids, cache=past)
    return (time.process_time() - start) * 1000, output.cache


lengths = [16, 64, 128, 192, 256]
texts = [torch.randint(49_152, (1, length)) for length in lengths]
clock(texts[0])  # the first call also sets things up
without_ms, with_ms = [1e9] * len(lengths), [1e9] * len(lengths)
for _ in range(2):  # in turn, and the least counts
    for place, ids in enumerate(texts):
        elapsed, past = clock(ids)
        without_ms[place] = min(without_ms[place], elapsed)
        past.crop(-1)  # forget the last token, so that only it must be computed
        elapsed, past = clock(ids[:, -1:], past)
        with_ms[place] = min(with_ms[place], elapsed)
length = lengths[-1]

first_ratio_ms, last_ratio_ms = (a / b for a, b in list(zip(without_ms, with_ms))[::4])
print("length  without   with")
for length, without, cached in zip(lengths, without_ms, with_ms):
    print(f"{length:6} {without:5.0f} ms {cached:3.0f} ms")
figure, ax = plt.subplots(figsize=(4.4, 2.6))
ax.plot(lengths, without_ms, "o--", color=plots.WARM, label="without cache")
ax.plot(lengths, with_ms, "s-", color=plots.COOL, label="with cache")
ax.set(xlabel="tokens so far", ylabel="ms for the next token", ylim=0)
ax.set_title("Without a cache, each step costs more")
ax.legend()
