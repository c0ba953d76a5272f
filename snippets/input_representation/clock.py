"""The position vector of width 16 as the hands of eight clocks, fast ones first."""

import matplotlib.pyplot as plt
import numpy as np

from snippets import plots

width = 16
rate = 10000 ** (-np.arange(0, width, 2) / width)  # (8,), radians for each position
around = np.linspace(0, 2 * np.pi, 60)

turns = {}
for position in (0, 1, 2, 4, 8, 16, 32):
    angle = position * rate  # (8,)
    right, up = np.sin(angle), np.cos(angle)  # the two numbers of each pair
    turns[position] = angle / (2 * np.pi)
    ax = plt.figure(f"position = {position}", figsize=(4.4, 2.6)).add_subplot()
    for pair in range(8):
        x, y = 2.5 * (pair % 4), -2.9 * (pair // 4)
        ax.plot(x + np.sin(around), y + np.cos(around), color=plots.GRID, linewidth=1)
        ax.plot([x, x + right[pair]], [y, y + up[pair]], color=plots.BLUE)
        ax.text(x, y - 1.4, f"pair {pair + 1}", ha="center", fontsize=8)
    ax.set(xlim=(-1.2, 8.7), ylim=(-4.6, 1.2), aspect="equal")
    ax.set_axis_off()
    first, third = turns[position][[0, 2]]
    ax.set_title(f"Turns: pair 1 {first:.2f}, pair 3 {third:.2f}")
first_turns, third_turns, last_turns = turns[32][[0, 2, 7]].tolist()
last_degrees = 360 * last_turns
