"""The images of a drawing, each as few bytes as the same picture can be.

Matplotlib writes the cells of a map as red, green, blue and opacity each. A map has one color in
some opacities, so a list of those and a number a cell says the same. With many small maps, as of
all heads of a model, this is a twentieth of what a phone must fetch before it shows the page.
"""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib

from scripts.pages import cells

IMAGE = re.compile(r'(?<=href="data:image/png;base64,)[^"]+')


def shown(svg: str) -> str:
    """A drawing as a page holds it, which knows more of where it stands than who drew it."""
    return light(cells.legible(svg))


def light(svg: str) -> str:
    """The drawing with its images in lists of colors, each where that is shorter."""
    return IMAGE.sub(lambda found: _listed(found[0]), svg)


def _listed(text: str) -> str:
    """A PNG in base64, its colors in a list if they are at most 256; not a pixel is another."""
    from PIL import Image

    image = Image.open(io.BytesIO(base64.b64decode(text)))
    if image.mode != "RGBA" or not (counted := image.getcolors(256)):
        return text
    colors = sorted(color for _, color in counted)
    pixels = struct.iter_unpack("4B", image.tobytes())
    places = {color: place for place, color in enumerate(colors)}
    listed = Image.frombytes("P", image.size, bytes(places[one] for one in pixels))
    listed.putpalette(bytes(part for color in colors for part in color[:3]))
    written = io.BytesIO()
    listed.save(written, "PNG", optimize=True, transparency=bytes(color[3] for color in colors))
    made = base64.b64encode(written.getvalue()).decode()
    return min(text, made, key=lambda one: len(zlib.compress(one.encode())))  # as a host sends it
