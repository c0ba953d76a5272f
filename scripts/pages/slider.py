"""The slider of a figure that has several positions, of which the page shows one.

The others lie in the page as templates, which a browser does not lay out; docs/assets/slider.js puts
them in the place of the first. Without it there is one figure, which says its position.
A slider is what `figures.left` in `scripts/compute` has made of the open figures.
"""

from __future__ import annotations

import html
from collections.abc import Callable

from scripts.pages import numbers
from scripts.pages.tongues import phrase


def line(slider: dict) -> str:
    """The line under the drawing that says which position it is; empty if there is no slider."""
    if not slider:
        return ""
    all_at = [html.escape(one["at"]) for one in slider["positions"]]
    many = phrase("one of {number}, from {first} to {last}", number=len(all_at), first=all_at[0], last=all_at[-1])
    return (
        f'<p class="slider" data-search-exclude><label>{html.escape(slider["name"])}</label>'
        f" <output>{all_at[slider['shown']]}</output>"
        f" <small>{many}</small></p>"
    )


def names(slider: dict, number: int, maps: list[dict]) -> list[str]:
    """What to call each map of a position: "layer 3", and its title if there are several."""
    where = f"{slider['name']} {slider['positions'][number]['at']}"
    return [f"{where}, {one['title']}" if len(maps) > 1 else where for one in maps]


def told(slider: dict, number: int) -> str:
    """A position as a screen reader is told it: where it is, and what its titles say."""
    one = slider["positions"][number]
    return f"{slider['name']} = {one['at']}: {one['says']}"


def templates(slider: dict, read: Callable[[str], str]) -> str:
    """All positions in their order, as templates; that of the shown one is empty.

    Args:
        read: makes the numbers of a drawing's cells readable.
    """
    made = []
    for number, one in enumerate(slider.get("positions", [])):
        said = f'<template class="position" data-at="{html.escape(one["at"])}"'
        inside = ""
        if number != slider["shown"]:
            named = html.escape(joined(names(slider, number, one["maps"])))
            said += f' data-alt="{html.escape(told(slider, number))}"'
            said += f' data-maps="{named}"' if one["maps"] else ""
            inside = read(one["svg"]) + numbers.tables(one["maps"])
        made.append(f"{said}>{inside}</template>")
    return "".join(made)


def joined(of_maps: list[str]) -> str:
    """The names of a figure's maps as one text, parted by "|"; see touch.js."""
    return "|".join(one.replace("|", "/") for one in of_maps)


def all_maps(slider: dict, shown: list[dict]) -> list[dict]:
    """The maps of all positions, each with its position in its title: for the file of numbers."""
    found = []
    for number, one in enumerate(slider["positions"]):
        maps = shown if number == slider["shown"] else one["maps"]
        found += [each | {"title": f"{slider['name']} = {one['at']}: {each['title']}"} for each in maps]
    return found
