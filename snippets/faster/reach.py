"""How far back a token hears through layers that each look at a window of four."""

import matplotlib.pyplot as plt
import torch

from snippets import plots

TOKENS, WINDOW = 16, 4
place = torch.arange(TOKENS)
back = place[:, None] - place  # how far back each key stands, for each query
seen = ((back >= 0) & (back < WINDOW)).float()  # (queries, keys)

rows = [str(n) for n in range(1, TOKENS + 1)]
heard, counts = torch.eye(TOKENS), {}  # before any layer each knows of itself
for layers in range(1, 6):
    heard = (seen @ heard > 0).float()  # of what those that it sees have heard
    counts[layers] = int(heard[-1].sum())
    title = f"Token {TOKENS} hears of {counts[layers]} tokens"
    ax = plt.figure(f"layers = {layers}", figsize=(3.4, 3.3)).add_subplot()
    plots.heatmap(heard, rows, rows, title, ax=ax)
one_layer, five_layers = counts[1], counts[5]
