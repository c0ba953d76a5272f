"""The time of one training step: LSTM layer against Transformer layer, at two sizes."""

import time

import matplotlib.pyplot as plt
import torch
from torch import nn

from snippets import plots

lengths = [64, 128, 256, 512, 1024]
pairs = {64: 84, 512: 667}  # Transformer's width: LSTM's, for the same parameters


def least_seconds(layer, text, **mask):
    """Processor seconds per token, forward and backward: the least of four runs."""
    runs_seconds = []
    for _ in range(4):
        start_seconds = time.process_time()
        states = layer(text, **mask)  # an LSTM also gives the state that it ends in
        (states[0] if isinstance(layer, nn.LSTM) else states).sum().backward()
        runs_seconds.append(time.process_time() - start_seconds)
    return min(runs_seconds) / text.shape[1]


ratios_seconds, parameters = {}, {}
for (width, hidden), line in zip(pairs.items(), ("o-", "s-")):
    lstm = nn.LSTM(width, hidden, batch_first=True)
    layer = nn.TransformerEncoderLayer(width, 4, 4 * width, 0.0, batch_first=True)
    parameters[width] = sum(p.numel() for p in layer.parameters())
    rows = [], []  # the LSTM's times, the Transformer's
    for n in lengths:
        text = torch.randn(1, n, width)  # (texts, tokens, width)
        mask = nn.Transformer.generate_square_subsequent_mask(n)
        rows[0].append(least_seconds(lstm, text))
        rows[1].append(least_seconds(layer, text, src_mask=mask, is_causal=True))
    ratios_seconds[width] = [a / b for a, b in zip(*rows)]
    print(f"{parameters[width]:,} parameters a layer; microseconds per token")
    print("  tokens     ", *(f"{n:5}" for n in lengths))
    for name, row in zip(("LSTM", "Transformer"), rows):
        print(f"  {name:11}", *(f"{1e6 * x:5.0f}" for x in row))
    print("  ratio      ", *(f"{x:5.1f}" for x in ratios_seconds[width]))
    plt.semilogx(lengths, ratios_seconds[width], line, label=f"width {width}")

plt.axhline(1, color=plots.CUT, linewidth=1, linestyle="--")
plt.xticks(lengths, lengths)
plt.minorticks_off()
plt.gca().set(xlabel="tokens in the text", ylabel="LSTM / Transformer",
              ylim=(0, None), title="Which is faster depends on the size")  # fmt: skip
plt.legend()
*_, small_long_ratio_seconds = ratios_seconds[64]
wide_short_ratio_seconds, *_, wide_long_ratio_seconds = ratios_seconds[512]
small_size, wide_size = parameters.values()
# The wide pair's time per token on the longest text, as a share of the shortest's.
lstm_ratio_seconds, layer_ratio_seconds = (row[-1] / row[0] for row in rows)
