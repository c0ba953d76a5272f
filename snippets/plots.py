"""The few shapes that the book draws, in one palette. Every attention map is `heatmap`."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb

# One colour, one meaning, on every page. The site swaps each for a lighter twin in the
# dark scheme, so draw with these names and no others.
INK = "#1f2933"  # text
MUTED = "#5f6b79"  # axes, context
GRID = "#d9dee5"  # faint lines
PAPER = "#ffffff"  # text on a strong colour
BLUE = "#2563c9"  # weights, and what is kept
WARM = "#b64f14"  # query, source, the first of two
COOL = "#0e747c"  # key, target, the second of two
VIOLET = "#7a4fb5"  # value
CUT = "#8a94a0"  # what is cut away or masked

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
    values = np.asarray(values, dtype=float)
    rows, columns = (list(map(str, x)) if x is not None else None for x in (rows, columns))
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
                color = PAPER if abs(value) > 0.75 * top else INK
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
    stack = np.asarray(stack, dtype=float)
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
    """Draw horizontal bars, the first on top; bars that are not `kept` turn gray.

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


def tree(columns, best, title: str = "") -> Axes:
    """Draw a search: a column for each step, a box for each candidate, from left to right.

    Args:
        columns: for each step its candidates (parent, text, kept); the parent is an index
            into the step before. Candidates that are not kept are gray, with dashed lines.
        best: for each step the index of the candidate on the winning path, drawn heavy.
        title: the finding.
    """
    tallest = max(len(column) for column in columns)
    ax = plt.figure(figsize=(4.4, 0.6 + 0.46 * tallest)).add_subplot()
    ax.set(xlim=(-0.72, len(columns) - 0.55), ylim=(tallest - 0.5, -0.5))
    ax.set_axis_off()
    ax.set_title(title)
    above = [((tallest - 1) / 2, ax.text(-0.66, (tallest - 1) / 2, "●", color=MUTED,
              ha="center", va="center", fontsize=7, bbox={"alpha": 0, "pad": 1}))]  # fmt: skip
    for step, column in enumerate(columns):
        # Sorted by the parent's place, so that no two lines cross.
        order = sorted(range(len(column)), key=lambda i: (above[column[i][0]][0], i))
        boxes = {}
        for row, i in enumerate(order):
            parent, text, kept = column[i]
            won = i == best[step] and kept
            y = row * tallest / len(column) + (tallest / len(column) - 1) / 2
            color = KEPT if won else INK if kept else MUTED
            frame = {"boxstyle": "round,pad=0.25", "facecolor": "none",
                     "edgecolor": KEPT if won else MUTED if kept else CUT,
                     "linestyle": "-" if kept else ":", "linewidth": 1.6 if won else 0.8}  # fmt: skip
            box = ax.text(step, y, text, ha="center", va="center", fontsize=7.5,
                          linespacing=1.1, color=color, bbox=frame,
                          weight="bold" if won else "normal")  # fmt: skip
            line = {"arrowstyle": "-", "shrinkA": 0, "shrinkB": 0,
                    "patchA": above[parent][1].get_bbox_patch(),
                    "patchB": box.get_bbox_patch(), "linestyle": "-" if kept else "--",
                    "color": KEPT if won else MUTED if kept else CUT,
                    "linewidth": 2.2 if won else 0.9}  # fmt: skip
            at = -0.66 if step == 0 else step - 1
            ax.annotate("", (step, y), (at, above[parent][0]), arrowprops=line)
            boxes[i] = (y, box)
        above = [boxes[i] for i in range(len(column))]
    return ax
