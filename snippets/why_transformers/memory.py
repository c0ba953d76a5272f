"""What is kept in memory: one layer's attention maps, a KV cache, an LSTM's state."""

import time

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForCausalLM

from snippets import plots

torch.set_grad_enabled(False)
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
width, depth = model.config.hidden_size, model.config.num_hidden_layers
cache = model(torch.arange(10)[None]).cache  # of ten tokens
cached = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
lstm = torch.nn.LSTM(width, width, depth, device="meta")  # as wide and deep; no numbers
lstm_bytes = sum(x.nbytes for x in lstm(torch.empty(1, width, device="meta"))[1])

lengths = [128, 256, 512, 1024, 2048]
heads = model.config.num_attention_heads
kept = {"attention maps": [], "KV cache": [], "LSTM state": []}
map_seconds = []
print("| tokens | maps of one layer | KV cache | LSTM state |")
print("|---:|---:|---:|---:|")
for length in lengths:
    query, key, value = torch.randn(3, heads, length, width // heads)
    runs_seconds = []
    for _ in range(3):
        start_seconds = time.process_time()
        weights = (query @ key.mT / query.shape[-1] ** 0.5).softmax(dim=-1)
        result = weights @ value  # (heads, tokens, width of a head)
        runs_seconds.append(time.process_time() - start_seconds)
    map_seconds.append(min(runs_seconds))
    counts = weights.nbytes, cached // 10 * length, lstm_bytes
    for kind, count in zip(kept.values(), counts):
        kind.append(count)
    print(f"| {length} | " + " | ".join(f"{n / 1e6:.2f} MB" for n in counts) + " |")
    ax = plt.figure(f"tokens = {length}", figsize=(4.4, 1.6)).add_subplot()
    title = f"MB: most for the {max(zip(counts, kept))[1]}"
    plots.bars(kept, [n / 1e6 for n in counts], title=title, unit=".1f", ax=ax)
    ax.set_xlim(0, 180)  # MB, one scale for all

token_bytes = cached // 10
time_ratio_seconds = map_seconds[-1] / map_seconds[-2]
first_larger = lstm_bytes // token_bytes + 1
