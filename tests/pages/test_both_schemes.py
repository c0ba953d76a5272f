"""What is said of a figure is true in the light and in the dark, where a large number is bright."""

import io
import re

import pytest
from PIL import Image

from scripts.base import ROOT

pytest_plugins = ["browser"]

# Strong or faint, and not these; "brightness" is of a picture that a model reads.
ONE_SCHEME = re.compile(r"\b(?:dark|darken|darker|pale|paler|bright|brighter|brighten)(?:s|est|er)?\b", re.I)


def _told() -> dict[str, str]:
    """What stands beside figures: alt texts and captions of the pages and of the labs."""
    told = {}
    for path in sorted((ROOT / "docs").rglob("*.md")):
        images = re.findall(r"^!\[([^\]]*)\]\([^\s)]+(?: \"(.*)\")?\)", path.read_text("utf-8"), re.M)
        told |= {text: path.name for image in images for text in image if text}
    for path in sorted((ROOT / "docs" / "labs").glob("*.py")):
        told |= dict.fromkeys(re.findall(r'^# %%.* alt\w*="([^"]*)"', path.read_text("utf-8"), re.M), path.name)
    return told


def test_no_figure_is_described_for_one_scheme_alone():
    told = _told()
    assert len(told) > 250
    assert {text: name for text, name in told.items() if ONE_SCHEME.search(text)} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_white_in_a_labs_picture_is_the_page(browser, site_server, scheme):
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{site_server.url}labs/decoder/")
    picture = page.locator("figure.drawn img").first
    picture.scroll_into_view_if_needed()
    picture.evaluate("one => one.decode()")
    box = picture.bounding_box()
    edge = {"x": box["x"] - 4, "y": box["y"], "width": 12, "height": 20}
    pixels = Image.open(io.BytesIO(page.screenshot(clip=edge))).convert("RGB")
    context.close()
    assert len(pixels.getcolors()) == 1, "its edge is seen"
