"""The time of one training step: LSTM layer against Transformer layer, at two sizes."""

import time

import matplotlib.pyplot as plt
import torch
from torch import nn

from snippets import plots

lengths = [64, 128, 256, 512, 1024]
pairs = {64: 84, 512: 667}  # Transformer's width: LSTM's, for the same parameters


def step_seconds(layer, text):
    """Processor seconds of one forward and backward pass."""
    mask = nn.Transformer.generate_square_subsequent_mask(text.shape[1])
    start_seconds = time.process_time()
    if isinstance(layer, nn.LSTM):
        states, _ = layer(text)
    else:
        states = layer(text, src_mask=mask, is_causal=True)
    states.sum().backward()
    return time.process_time() - start_seconds


def least_seconds(layers, shape):
    """For each layer the least of four runs, which take turns."""
    text = torch.randn(shape)  # (texts, tokens, width)
    rounds_seconds = [[step_seconds(layer, text) for layer in layers] for _ in range(4)]
    return [min(runs_seconds) for runs_seconds in zip(*rounds_seconds)]


figure, ax = plt.subplots()
looks = [(plots.COOL, "o-"), (plots.BLUE, "s-")]
ratios_seconds, parameters = {}, {}
for (width, hidden), (color, line) in zip(pairs.items(), looks):
    lstm = nn.LSTM(width, hidden, batch_first=True)
    layer = nn.TransformerEncoderLayer(width, 4, 4 * width, 0.0, batch_first=True)
    parameters[width] = sum(p.numel() for p in layer.parameters())
    runs_seconds = [least_seconds((lstm, layer), (1, n, width)) for n in lengths]
    ratios_seconds[width] = [lstm_s / layer_s for lstm_s, layer_s in runs_seconds]
    print(f"{parameters[width]:,} parameters a layer")
    print("  tokens             ", *(f"{n:5}" for n in lengths))
    for name, side in (("LSTM", 0), ("Transformer", 1)):
        micro = [1e6 * runs[side] / n for runs, n in zip(runs_seconds, lengths)]
        print(f"  {name:11} µs/token", *(f"{x:5.0f}" for x in micro))
    print("  LSTM / Transformer  ", *(f"{x:5.1f}" for x in ratios_seconds[width]))
    ax.plot(lengths, ratios_seconds[width], line, color=color, label=f"width {width}")

eight_seconds = least_seconds((lstm, layer), (8, 64, 512))  # the wide pair
eight_ratio_seconds = eight_seconds[0] / eight_seconds[1]
print(f"wide, 8 texts of 64 tokens: LSTM / Transformer {eight_ratio_seconds:.1f}")

ax.axhline(1, color=plots.CUT, linewidth=1, linestyle="--")
ax.set_xscale("log")
ax.set_xticks(lengths, lengths)
ax.minorticks_off()
ax.set(xlabel="tokens in the text", ylabel="LSTM / Transformer", ylim=(0, None))
ax.set_title("Which is faster depends on the size")
ax.legend()
small_long_ratio_seconds = ratios_seconds[64][-1]
wide_short_ratio_seconds, *_, wide_512_ratio_seconds, wide_long_ratio_seconds = (
    ratios_seconds[512]
)
small_size, wide_size = parameters.values()
# The wide pair's time per token on the longest text, as a share of the shortest's.
lstm_ratio_seconds, layer_ratio_seconds = (
    last / first * lengths[0] / lengths[-1]
    for first, last in zip(runs_seconds[0], runs_seconds[-1])
)
