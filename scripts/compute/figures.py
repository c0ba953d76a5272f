"""A matplotlib figure → SVG that fits into a page, and the numbers behind its maps."""

import gc
import gzip
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
FINEST = 8  # points of one line, for each point of the drawing's width: no screen shows more
HEAVIEST = 60_000  # bytes, packed, of all positions of a slider but the one that is shown
BLOT = 4  # labels that lie on others by a quarter, from which on nobody can read them

POSITION = re.compile(r"(\S(?:.*\S)?) = (\S(?:.*\S)?)")  # the name of a figure: "temperature = 0.7"
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


class FigureError(Exception):
    """The end of a sentence that begins “this snippet leaves”: what, and what to do in its place."""


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
    """The matrices that `plots.heatmap` drew: title, rows, columns, values.

    It keeps four digits of each. Of 0.47502 they are 0.475, which a table rounds down, beside a cell
    that says 0.48: such a number is kept whole.
    """

    def kept(short: float | None, whole: float) -> float | None:
        return short if short is None or f"{short:.2f}" == f"{whole:.2f}" else float(whole)

    found = []
    for ax in figure.axes:
        if hasattr(ax, "map"):
            rows = zip(ax.map["values"], ax.images[0].get_array())
            values = [[kept(*pair) for pair in zip(*both)] for both in rows]
            found.append(ax.map | {"values": values})
    return found


def left(opened: list[Figure], name: str, shown: object = None) -> dict:
    """What the figures that a snippet left open give to a page.

    Several are the positions of a slider: each is named as `plt.figure("temperature = 0.7")`
    names it, and its title says what is seen there.

    Args:
        opened: one figure or more, in their order.
        name: the snippet, "chapter/idea".
        shown: the name of the one that stands in the page until it is slid; else the middle one.

    Returns:
        `svg` and `maps` of that one; of several, `slider` too: {"name": "temperature", "shown": its
        number from 0, "positions": [{"at": "0.7", "says", "svg", "maps"}]}, where the shown one
        has neither `svg` nor `maps` again.

    Raises:
        FigureError: a page cannot show them.
    """
    labels = [figure.get_label() for figure in opened]
    slides = len(opened) > 1 or POSITION.fullmatch(labels[0])
    middle = _middle(labels, shown) if slides else 0
    drawn = [to_svg(figure, name) for figure in opened]
    for figure, svg in zip(opened, drawn):
        if wrong := unfit(figure, svg):
            raise FigureError(wrong)
    found = {"svg": drawn[middle], "maps": maps(opened[middle])}
    if not slides:
        return found
    sizes = [tuple(round(float(side) * 96) for side in figure.get_size_inches()) for figure in opened]
    for label, size in zip(labels, sizes):
        if size != sizes[0]:
            one, other = ("{} × {}".format(*size) for size in (sizes[0], size))
            raise FigureError(
                f"positions of different size, “{labels[0]}” of {one} and “{label}” of {other} pixels:"
                " give each figure the same `figsize`, or the page would jump"
            )
    rest = "".join(svg for number, svg in enumerate(drawn) if number != middle)
    if (weight := len(gzip.compress(rest.encode()))) > HEAVIEST:
        raise FigureError(
            f"positions of {weight:,} bytes together, packed, where {HEAVIEST:,} are the most that a"
            " page should load: draw fewer positions, or fewer points in each"
        )
    positions = []
    for number, (figure, label) in enumerate(zip(opened, labels)):
        titles = [figure.get_suptitle()] if figure.get_suptitle() else [ax.get_title("left") or ax.get_title() for ax in figure.axes]
        if not (says := "; ".join(" ".join(title.split()) for title in titles if title)):
            raise FigureError(
                f"the position “{label}” without a title: let `ax.set_title` say what is seen there,"
                " which is also what a screen reader says of it"
            )
        one = {"at": POSITION.fullmatch(label)[2], "says": says}
        if number != middle:
            one |= {"svg": drawn[number], "maps": maps(figure)}
        positions.append(one)
    slider = {"name": POSITION.fullmatch(labels[0])[1], "shown": middle, "positions": positions}
    return found | {"slider": slider}


def _middle(labels: list[str], shown: object) -> int:
    """The number of the position that is shown first. Raises FigureError if they are no slider."""
    for number, label in enumerate(labels, 1):
        if not POSITION.fullmatch(label):
            raise FigureError(
                f"{len(labels)} figures open, and number {number} is no position of a slider: leave"
                ' one figure, or name each as in `plt.figure("temperature = 0.7")`'
            )
    names = list(dict.fromkeys(POSITION.fullmatch(label)[1] for label in labels))
    if len(names) > 1:
        raise FigureError(f"positions of two sliders, “{names[0]}” and “{names[1]}”: one at most")
    for label in labels:
        if labels.count(label) > 1:
            raise FigureError(f"the position “{label}” twice: each is one figure")
    if len(labels) == 1:
        raise FigureError(f"“{labels[0]}” as the only position of a slider: it needs others to slide to")
    if shown is not None and shown not in labels:
        raise FigureError(
            f"no position “{shown}”, which the name `shown` asks for: the slider has “{'”, “'.join(labels)}”"
        )
    return labels.index(shown) if shown is not None else (len(labels) - 1) // 2


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
    wide = figure.get_figwidth() * 72  # points, of which an inch has 72
    if (most := max((line.count("\nL ") for line in re.findall(r' d="([^"]*)"', svg)), default=0)) > FINEST * wide:
        return (
            f"a line of {most:,} points in a drawing that is {wide:.0f} points wide, and no screen shows"
            " them: draw the mean of each step, or its lowest and highest (`ax.vlines`)"
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
