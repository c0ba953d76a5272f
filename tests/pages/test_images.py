"""The images of a page's drawings: as the snippet drew them, in fewer bytes."""

import base64
import gzip
import io
import random

from PIL import Image

from scripts.pages import images
from scripts.pages.outputs import Output


def pixels(svg: str) -> list[tuple]:
    """Each image of a drawing: its size, and red, green, blue and opacity of all cells."""
    opened = (Image.open(io.BytesIO(base64.b64decode(one))) for one in images.IMAGE.findall(svg))
    return [(one.size, one.convert("RGBA").tobytes()) for one in opened]


def test_a_page_holds_every_cell_in_fewer_bytes(book):
    drawn = book.figure("encoder/all_heads").read_text("utf-8")
    shown = Output(book, "encoder/all_heads").figure
    assert len(pixels(drawn)) == 72 and pixels(shown) == pixels(drawn)
    before, after = (len(gzip.compress(one.encode())) for one in (drawn, shown))
    assert after < 0.8 * before


def test_an_image_of_many_colors_stays(tmp_path):
    noise = Image.frombytes("RGBA", (20, 20), random.Random(1).randbytes(1600))
    assert noise.getcolors(256) is None
    noise.save(tmp_path / "noise.png")
    text = base64.b64encode((tmp_path / "noise.png").read_bytes()).decode()
    svg = f'<svg><image href="data:image/png;base64,{text}" width="20"/></svg>'
    assert images.light(svg) == svg
