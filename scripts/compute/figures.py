"""A matplotlib figure → SVG that fits into a page, and the numbers behind its maps."""

import gc
import io
import re
import sys

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from snippets import plots

# Each colour of the palette becomes a variable that the style sheet sets for light and
# dark. The fallback is the light colour, so a saved file looks right by itself too.
VARIABLES = {
    plots.INK: "ink",
    plots.MUTED: "muted",
    plots.GRID: "grid",
    plots.PAPER: "paper",
    plots.BLUE: "weight",
    plots.WARM: "warm",
    plots.COOL: "cool",
    plots.VIOLET: "value",
    plots.CUT: "cut",
}


LARGEST = 200_000  # letters of a drawing; a page with its outputs should come in a moment
BLOT = 4  # labels that lie on others by a quarter, from which on nobody can read them

NOTHING = re.compile(
    r'<path d="[^"]*"(?: clip-path="[^"]*")? style="fill: none(?:; opacity: 0)?"/>\n?'
)
GROUP = re.compile(r"<g(?P<says>\b[^>]*?)(?P<empty>/?)>\n?|</g>\n?")
LINE = re.compile(
    r'<path d="(?P<line>[^"]*)"'
    r'(?P<look>(?: clip-path="[^"]*")? style="fill: none; stroke: (?:(?!opacity)[^"])*"/>\n)'
)
PLACE = re.compile(r'\b(?:d|x|y)="[^"]*"|\btransform="(?:(?:translate|rotate)\([^)]*\) ?)+"')
DECIMALS = re.compile(r"\d+\.\d{3,}")


def to_svg(figure: Figure, name: str) -> str:
    """Draw `figure` as SVG text: the same bytes for the same figure.

    Args:
        figure: what the snippet left open.
        name: the snippet, "chapter/idea": its ids carry it, so that two figures on one
            page never share one.

    Returns:
        One `<svg>` element, sizes in CSS pixels, colours as variables with fallbacks.
    """
    buffer = io.StringIO()
    empty = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with rc_context({"svg.hashsalt": "the executable transformer"}):
        figure.savefig(buffer, format="svg", metadata=empty)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    # A style element inside a page would reach the whole page: say it on the root.
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, count=1, flags=re.S)
    width, height = (
        round(float(re.search(rf'{side}="([\d.]+)pt"', svg)[1]) * 4 / 3)
        for side in ("width", "height")
    )
    box = re.search(r'viewBox="([^"]+)"', svg)[1]
    body = svg[svg.index(">") + 1 :]
    prefix = re.sub(r"\W", "-", name) + "-"
    body = body.replace("xlink:href", "href")
    body = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}", body)
    # An id that nothing refers to is weight.
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))
    body = re.sub(
        r' id="([^"]+)"', lambda found: found[0] if found[1] in used else "", body
    )
    body = re.sub(r"<!--.*?-->", "", body, flags=re.S)
    body = re.sub(r"\s*\n\s*", "\n", body)
    body = _light(body)
    for color, variable in VARIABLES.items():
        body = body.replace(color, f"var(--fig-{variable}, {color})")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="figure" width="{width}"'
        f' height="{height}" viewBox="{box}"'
        f' style="--width: {width}px; stroke-linejoin: round">{body.strip()}\n'
    )


def _light(body: str) -> str:
    """The same drawing in a quarter of the elements, places to a hundredth of a point.

    Matplotlib wraps everything in groups, draws invisible frames, and each line of a grid by
    itself. A page with all its figures lays out every one of them. The tool svgo, measured in
    place of this, left almost half as many elements again and some more bytes (a fifth fewer
    when compressed), and took forty times as long: it does not join the lines of a grid.
    """
    body = NOTHING.sub("", body)
    opened: list[bool] = []  # whether each open group says anything

    def group(found: re.Match) -> str:
        if found["says"] is None:
            return found[0] if opened.pop() else ""
        if found["empty"]:
            return ""
        opened.append(bool(found["says"].strip()))
        return found[0] if opened[-1] else ""

    body = GROUP.sub(group, body)
    body = PLACE.sub(
        lambda place: DECIMALS.sub(
            lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), place[0]
        ),
        body,
    )
    parts: list[str | tuple[str, str]] = []  # text, or the lines of one look
    end = 0
    for found in LINE.finditer(body):
        if found.start() > end or not parts:
            parts.append(body[end : found.start()])
        if isinstance(parts[-1], tuple) and parts[-1][1] == found["look"]:
            parts[-1] = (parts[-1][0] + found["line"], found["look"])
        else:
            parts.append((found["line"], found["look"]))
        end = found.end()
    parts.append(body[end:])
    return "".join(
        part if isinstance(part, str) else f'<path d="{part[0]}"{part[1]}' for part in parts
    )


def maps(figure: Figure) -> list[dict]:
    """The matrices that `plots.heatmap` drew: title, rows, columns, values."""
    return [ax.map for ax in figure.axes if hasattr(ax, "map")]


def unfit(figure: Figure, svg: str) -> str | None:
    """Why a page cannot show a figure that has been drawn, and what to draw in its place."""
    if moving := _animations():
        return (
            f"{moving}, and a page would show one frame of it: draw some moments beside each other,"
            " with `plt.subplots`"
        )
    if (hidden := _covered(figure)) >= BLOT:
        return (
            f"{hidden} labels that lie on others and cannot be read: draw fewer rows and columns,"
            " a larger figure, or labels for some of them"
        )
    if len(svg) > LARGEST:
        return (
            f"a drawing of {len(svg):,} letters, where {LARGEST:,} is the most that a page should"
            " load: draw fewer points or lines, a sample of them, or how many there are"
            " (`ax.hist2d`, `ax.hexbin`)"
        )
    return None


def _animations() -> str:
    """The kind of an animation that is there."""
    if "matplotlib.animation" in sys.modules:
        kind = sys.modules["matplotlib.animation"].Animation
        for one in gc.get_objects():
            if isinstance(one, kind):
                return type(one).__name__
    return ""


def _covered(figure: Figure) -> int:
    """How many labels of an axes lie on another one by more than a quarter."""
    renderer, covered = figure.canvas.get_renderer(), 0
    for ax in figure.axes:
        texts = [label for axis in (ax.xaxis, ax.yaxis) for label in axis.get_ticklabels()]
        texts = [one for one in (*texts, *ax.texts) if one.get_visible() and one.get_text().strip()]
        straight = [one for one in texts if one.get_rotation() % 90 == 0]
        if not ax.get_visible() or not straight:
            continue
        boxes = np.array([one.get_window_extent(renderer).extents for one in straight])
        low, high = boxes[:, :2], boxes[:, 2:]  # (labels, 2): left and lower, right and upper
        both = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
        shared = both.clip(0).prod(-1)  # (labels, labels)
        sizes = (high - low).prod(-1)
        np.fill_diagonal(shared, 0)
        covered += int((shared > np.minimum(sizes[:, None], sizes) / 4).any(-1).sum())
    return covered
