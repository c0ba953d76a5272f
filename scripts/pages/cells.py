"""The numbers in the cells of a map, each in a color that can be read on its cell.

A cell is more or less transparent, so that one drawing serves light and dark: the same cell is
pale on paper and deep at night. One color for its number cannot do for both. The build knows
what each cell will be painted in, so it says for each number which of the four variables of
colors.css serves: --fig-ink, --fig-on-half, --fig-on-more, --fig-paper, from faint cells to strong.
"""

from __future__ import annotations

import base64
import io
import re

IMAGE = re.compile(
    r'<image href="data:image/png;base64,(?P<bytes>[^"]*)" width="(?P<wide>\d+)"'
    r' height="(?P<high>\d+)" transform="matrix\((?P<a>[\d.]+) 0 0 (?P<d>[\d.]+)'
    r' (?P<x>[-\d.]+) (?P<y>[-\d.]+)\)"'
)
NUMBER = re.compile(
    r'(?P<before><text style="[^"]*text-anchor: middle; fill: )var\(--fig-(?:ink|paper), #\w+\)'
    r'(?P<after>" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)")'
)
LIGHT, DARK = (254, 253, 251), (21, 24, 29)  # --paper in both schemes, of colors.css
BRIGHTER, GRAYER = 1.65, 0.85  # --fig-image in the dark: brightness, then saturate
MIDDLE = 0.179  # luminance on which black and white are read equally well, by 4.6 : 1
INK = {LIGHT: 0.022, DARK: 0.749}  # luminance of --fig-ink
ENOUGH = 4.8  # to 1; what is asked for is 4.5
LIFT = 3.0  # from a number's base line to its middle, in units of the drawing


def legible(svg: str) -> str:
    """The drawing, each number over an image in the color that is read there."""
    images = [
        (found, png)
        for found in IMAGE.finditer(svg)
        if (png := _pixels(found["bytes"])) is not None
    ]

    def colored(number: re.Match) -> str:
        for found, png in images:
            column = (float(number["x"]) - float(found["x"])) / float(found["a"])
            row = (float(number["y"]) - LIFT - float(found["y"])) / float(found["d"])
            if 0 <= column < png.width and 0 <= row < png.height:
                color = color_on(png.getpixel((int(column), int(row))))
                return f"{number['before']}{color}{number['after']}"
        return number[0]

    return NUMBER.sub(colored, svg) if images else svg


def color_on(cell: tuple[int, int, int, int]) -> str:
    """The variable, with its value on paper, for a number on a cell (r, g, b, opacity)."""
    light, dark = (_luminance(_painted(cell, paper)) for paper in (LIGHT, DARK))
    if all(_contrast(one, INK[paper]) >= ENOUGH for one, paper in ((light, LIGHT), (dark, DARK))):
        return "var(--fig-ink, #1f2933)"
    if dark < MIDDLE:
        return "var(--fig-on-half, #000000)"
    return "var(--fig-on-more, #000000)" if light > MIDDLE else "var(--fig-paper, #ffffff)"


def _pixels(text: str):
    """The image, or None if it has no transparency and so is no map."""
    from PIL import Image

    png = Image.open(io.BytesIO(base64.b64decode(text)))
    return png if png.mode == "RGBA" else None


def _painted(cell: tuple[int, int, int, int], paper: tuple[int, int, int]) -> list[float]:
    """What the cell looks like on the paper, (r, g, b) from 0 to 255."""
    color = [float(part) for part in cell[:3]]
    if paper == DARK:
        color = [min(part * BRIGHTER, 255) for part in color]
        gray = 0.213 * color[0] + 0.715 * color[1] + 0.072 * color[2]
        color = [gray + GRAYER * (part - gray) for part in color]
    share = cell[3] / 255
    return [share * part + (1 - share) * back for part, back in zip(color, paper)]


def _luminance(color: list[float]) -> float:
    """Relative luminance, 0 to 1, as WCAG 2 defines it."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
              for c in (part / 255 for part in color)]  # fmt: skip
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: float, two: float) -> float:
    return (max(one, two) + 0.05) / (min(one, two) + 0.05)
