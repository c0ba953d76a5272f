"""What is said of a figure is true in the light and in the dark, where a large number is bright."""

import re

from scripts.base import ROOT

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
