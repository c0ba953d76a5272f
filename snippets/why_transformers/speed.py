"""The time of one training step: LSTM layer against Transformer layer, at two sizes."""

import time

import matplotlib.pyplot as plt
import torch
from torch import nn

from snippets import plots

lengths = [64, 128, 256, 512, 1024]
pairs = {64: 84, 512: 667}  # Transformer's width: LSTM's, for the same parameters


def step_seconds(layer, text, **mask):
    """Processor seconds of one forward and backward pass: the best of three."""
    runs_seconds = []
    for _ in range(3):
        start_seconds = time.process_time()
        states = layer(text, **mask)
        states = states[0] if isinstance(layer, nn.LSTM) else states
        states.sum().backward()
        runs_seconds.append(time.process_time() - start_seconds)
    return min(runs_seconds)


figure, ax = plt.subplots()
looks = [(plots.COOL, "o-"), (plots.BLUE, "s-")]
ratios_seconds, parameters = {}, {}
for (width, hidden), (color, line) in zip(pairs.items(), looks):
    lstm = nn.LSTM(width, hidden, batch_first=True)
    layer = nn.TransformerEncoderLayer(width, 4, 4 * width, 0.0, batch_first=True)
    parameters[width] = sum(p.numel() for p in layer.parameters())
    ratios_seconds[width] = []
    for length in lengths:
        text = torch.randn(1, length, width)  # (batch, tokens, width)
        mask = nn.Transformer.generate_square_subsequent_mask(length)
        causal_seconds = step_seconds(layer, text, src_mask=mask, is_causal=True)
        ratio_seconds = step_seconds(lstm, text) / causal_seconds
        ratios_seconds[width].append(ratio_seconds)
    print(f"{parameters[width]:,} parameters a layer: LSTM's time / Transformer's time")
    print("  ", *(f"{n}: {x:.1f} " for n, x in zip(lengths, ratios_seconds[width])))
    ax.plot(lengths, ratios_seconds[width], line, color=color, label=f"width {width}")

ax.axhline(1, color=plots.CUT, linewidth=1, linestyle="--")
ax.set_xscale("log")
ax.set_xticks(lengths, lengths)
ax.minorticks_off()
ax.set(xlabel="tokens in the text", ylabel="LSTM / Transformer", ylim=(0, None))
ax.set_title("Wide layers: the LSTM takes longer")
ax.legend()
small_long_ratio_seconds = ratios_seconds[64][-1]
wide_short_ratio_seconds, *_, wide_long_ratio_seconds = ratios_seconds[512]
small_size, wide_size = parameters.values()
