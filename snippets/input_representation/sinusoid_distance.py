"""The dot product of two sinusoidal positions depends on their distance alone."""

import matplotlib.pyplot as plt
import torch

from snippets import plots

width = 256
rate = 10000 ** (-torch.arange(0, width, 2) / width).double()  # (width / 2)


def position_vector(position):
    angle = position * rate
    return torch.stack([angle.sin(), angle.cos()], dim=1)  # (width / 2, 2)


distances = torch.arange(0, 81)
styles = {0: "-", 100: "--", 400: ":"}
colors = [plots.KEPT, plots.WARM, plots.COOL]
for (start, style), color in zip(styles.items(), colors):
    here = position_vector(start)
    products = [(here * position_vector(start + d)).sum() for d in distances]
    plt.plot(distances, products, style, color=color, label=f"from position {start}")
plt.xlabel("distance")
plt.ylabel("dot product")
plt.title("Three starting points, one curve")
plt.legend()

# The reason: a step of k rotates each pair of numbers by the angle k · rate.
k = 7
sin, cos = (k * rate).sin(), (k * rate).cos()
turn = torch.stack([torch.stack([cos, sin], 1), torch.stack([-sin, cos], 1)], 1)
rotated = (turn @ position_vector(100)[:, :, None])[:, :, 0]  # (width / 2, 2)
largest = (rotated - position_vector(100 + k)).abs().max().item()
print(f"position 100 turned by {k} is {100 + k}: {largest < 1e-9}")
