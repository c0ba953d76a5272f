"""The few shapes that the book draws, in one palette. Every attention map is `heatmap`."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb

# One colour, one meaning, on every page. The site swaps each for a lighter twin in the
# dark scheme, so draw with these names and no others.
INK = "#1f2933"  # text
MUTED = "#6b7785"  # axes, context
GRID = "#d9dee5"  # faint lines
PAPER = "#ffffff"  # text on a strong colour
BLUE = "#2563c9"  # weights, and what is kept
WARM = "#c2571a"  # query, source, the first of two
COOL = "#11808a"  # key, target, the second of two
VIOLET = "#7a4fb5"  # value
CUT = "#a7b0bb"  # what is cut away or masked

KEPT, QUERY, KEY, VALUE = BLUE, WARM, COOL, VIOLET

# Transparent to solid blue: light on a light page, dark on a dark one.
WEIGHTS = ListedColormap([(*to_rgb(BLUE), alpha) for alpha in np.linspace(0, 1, 256)])
# Cool for negative, warm for positive, transparent at zero.
SIGNED = ListedColormap(
    [(*to_rgb(COOL), alpha) for alpha in np.linspace(1, 0, 128)]
    + [(*to_rgb(WARM), alpha) for alpha in np.linspace(0, 1, 128)]
)


def heatmap(
    values,
    rows: list[str] | None = None,
    columns: list[str] | None = None,
    title: str = "",
    numbers: bool = False,
    signed: bool = False,
    top: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a matrix as coloured cells; the site offers the same numbers as a table.

    Args:
        values: a matrix, shape (rows, columns): a tensor, an array or lists. NaN is blank.
        rows: a label for each row (for attention: the queries, that is who looks).
        columns: a label for each column (the keys, that is what is looked at).
        title: what the reader should see in it, in a few words.
        numbers: write each value in its cell (up to about 8 × 8 this stays readable).
        signed: colour by sign around zero; otherwise from zero upwards.
        top: the value of the strongest colour; the largest absolute value if not given.
        ax: where to draw; a new figure sized for the labels if not given.

    Returns:
        The axes drawn on.
    """
    values = np.array(values, dtype=float)
    if values.ndim != 2:
        raise ValueError(f"heatmap draws a matrix, but got the shape {values.shape}")
    height, width = values.shape
    for labels, size, which in ((rows, height, "rows"), (columns, width, "columns")):
        if labels is not None and len(labels) != size:
            raise ValueError(f"heatmap: {len(labels)} labels for {size} {which}")
    if ax is None:
        ratio = min(max(height / width, 0.25), 1.6)
        ax = plt.figure(figsize=(4.4, 0.9 + 3.4 * ratio)).add_subplot()
    top = top or float(np.nanmax(np.abs(values))) or 1.0
    ax.imshow(
        values,
        cmap=SIGNED if signed else WEIGHTS,
        vmin=-top if signed else 0,
        vmax=top,
        aspect="equal" if 0.25 <= height / width <= 4 else "auto",
    )
    ax.set_xticks(range(width) if columns else [], columns or [], rotation=90)
    ax.set_yticks(range(height) if rows else [], rows or [])
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    # Thin lines between the cells keep pale cells countable.
    ax.set_xticks(np.arange(-0.5, width), minor=True)
    ax.set_yticks(np.arange(-0.5, height), minor=True)
    ax.grid(which="minor", color=GRID, linewidth=0.4)
    ax.tick_params(which="minor", length=0)
    if title:
        ax.set_title(title)
    if numbers:
        for (i, j), value in np.ndenumerate(values):
            if not np.isnan(value):
                color = PAPER if abs(value) > 0.55 * top else INK
                ax.text(j, i, f"{value:.2f}", ha="center", va="center", color=color)
    ax.map = {
        "title": title,
        "rows": rows or [str(i) for i in range(height)],
        "columns": columns or [str(j) for j in range(width)],
        "values": [[None if np.isnan(v) else float(f"{v:.4g}") for v in r] for r in values],
    }
    return ax


def heatmaps(
    stack, titles: list[str], rows=None, columns=None, across: int = 3, top=None
) -> list[Axes]:
    """Draw small multiples: `stack` of shape (maps, rows, columns) on one colour scale.

    Labels stand at the outer maps only, so that twelve heads fit a phone.
    """
    stack = np.array(stack, dtype=float)
    down = -(-len(stack) // across)
    figure, grid = plt.subplots(
        down, across, figsize=(4.4, 4.4 / across * down + 0.5), squeeze=False
    )
    top = top or float(np.nanmax(np.abs(stack)))
    for number, ax in enumerate(grid.flat):
        if number >= len(stack):
            ax.set_axis_off()
            continue
        heatmap(stack[number], title=titles[number], top=top, ax=ax)
        ax.map |= {"rows": list(rows or ax.map["rows"])}
        ax.map |= {"columns": list(columns or ax.map["columns"])}
        if rows and number % across == 0:
            ax.set_yticks(range(len(rows)), rows)
        if columns and number < across:
            ax.set_xticks(range(len(columns)), columns, rotation=90)
        ax.tick_params(labelsize=6.5)
        ax.title.set_size(8)
    return list(grid.flat[: len(stack)])


def bars(labels, values, kept=None, title: str = "", unit: str = "", ax=None) -> Axes:
    """Draw horizontal bars, the first on top; bars that are not `kept` turn grey.

    Args:
        labels: one text a bar.
        values: one number a bar, written at its end.
        kept: one boolean a bar; a cut bar is also hatched, so colour is not the only sign.
        title: the finding.
        unit: a format for the numbers, such as ".0%" or ".2f".
        ax: where to draw; a new figure if not given.
    """
    values = [float(value) for value in values]
    kept = [True] * len(values) if kept is None else [bool(keep) for keep in kept]
    if ax is None:
        ax = plt.figure(figsize=(4.4, 0.7 + 0.24 * len(values))).add_subplot()
    for i, (value, keep) in enumerate(zip(values, kept)):
        color, hatch = (KEPT, None) if keep else ("none", "/////")
        ax.barh(
            i, value, color=color, height=0.72, hatch=hatch,
            edgecolor=KEPT if keep else CUT, linewidth=0 if keep else 0.8,
        )  # fmt: skip
        if unit:
            ax.text(value, i, f" {value:{unit}}", va="center", fontsize=8)
    ax.set_yticks(range(len(values)), labels)
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    if unit:
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
        ax.set_xlim(right=max(values) * 1.18 or 1)
    if title:
        ax.set_title(title)
    return ax
