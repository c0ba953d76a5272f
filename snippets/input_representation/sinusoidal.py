"""The sinusoidal position table of the paper, and the one stored in a real model."""

import torch
from transformers import AutoModel

from snippets import plots


def sinusoids(positions, rate):
    angle = torch.arange(positions)[:, None] * rate  # (positions, width / 2)
    table = torch.zeros(positions, 2 * len(rate))
    table[:, 0::2] = torch.sin(angle)
    table[:, 1::2] = torch.cos(angle)
    return table  # (positions, width)


def rates(width):
    return 10000 ** (-torch.arange(0, width, 2) / width)  # (width / 2)


rows = [str(p) if p % 5 == 0 else "" for p in range(40)]
columns = [str(i) if i % 4 == 0 else "" for i in range(32)]
table = sinusoids(40, rates(32))
plots.heatmap(table, rows, columns, "Fast waves left, slow waves right", signed=True)

# Whisper stores its table: first all sines, then all cosines, and waves that slow down
# a little faster, so that the last one is exactly 10000 times slower than the first.
model = AutoModel.from_pretrained("models/whisper")
stored = model.encoder.embed_positions.weight  # (positions, width)
positions, width = stored.shape
rate = 10000 ** (-torch.arange(width // 2) / (width // 2 - 1))  # (width / 2)
ours = sinusoids(positions, rate)
ours = torch.cat([ours[:, 0::2], ours[:, 1::2]], dim=1)
largest = (ours - stored).abs().max().item()
print(f"{positions} × {width} numbers of Whisper,")
print(f"largest difference {largest:.0e}")
