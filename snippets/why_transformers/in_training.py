"""The gradient from 64 steps back, while both models train on that distance."""

import torch
from torch.autograd.functional import jacobian

from snippets.shared.recall import LENGTH, LETTERS, Recurrent, Transformer, train

distance = 64
right, far, share = {}, {}, {}
print("| model | after steps | right | gradient at 64 | as a share of that at 0 |")
print("|:---|---:|---:|---:|---:|")
for name, reader in (("LSTM", Recurrent), ("Transformer", Transformer)):
    for steps in (0, 100, 300):
        torch.manual_seed(0)
        model = reader()
        run = name, steps
        right[run] = train(model, distance, steps)
        vectors = model.embed(torch.randint(LETTERS, (4, LENGTH))).detach()
        slopes = jacobian(lambda x: model.read(x)[:, -1].sum(dim=0), vectors)
        squares = slopes.square().sum(dim=(0, 3))  # over outputs and width: (4, steps)
        norms = squares.mean(dim=0).sqrt().flip(0)  # (steps back)
        far[run], share[run] = norms[distance].item(), (norms[64] / norms[0]).item()
        print(f"| {name} | {steps} | {right[run]:.0%} | {far[run]:.2g}"
              f" | {share[run]:.1g} |")  # fmt: skip

lstm_start, lstm_later, lstm_end = (far["LSTM", n] for n in (0, 100, 300))
look_start, look_later, look_end = (far["Transformer", n] for n in (0, 100, 300))
lstm_right, look_right = right["LSTM", 300], right["Transformer", 100]
