"""The numbers behind the maps of a figure: as tables for people, as CSV for programs.

A map is what the runner kept of an image that a snippet drew:
{"title", "rows", "columns", "values": (rows, columns), a number or None each}.
"""

from __future__ import annotations

import html
import itertools
import json
import math
import re

from scripts.pages.tongues import mark, phrase

CELLS = 600  # a map with more numbers is offered as a file, not as a table
COLUMNS = 20  # a map with more columns becomes several tables, each as wide as a sheet
SHORT = re.compile(r"L(\d+) H(\d+)")  # as small maps are titled


def tables(maps: list[dict]) -> str:
    """The numbers of the maps as HTML: folded tables, or packed for touch.js if they are many."""
    cells = sum(len(m["rows"]) * len(m["columns"]) for m in maps)
    if not maps or cells > CELLS:
        return packed(maps)
    made = []
    for one in maps:
        parts = math.ceil(len(one["columns"]) / COLUMNS) or 1
        wide = math.ceil(len(one["columns"]) / parts)
        for start in range(0, len(one["columns"]), wide):
            made.append(_table(one, start, start + wide))
    return (
        f'<details class="numbers"><summary>{phrase("The numbers")}</summary>'
        f"{''.join(made)}</details>"
    )


def packed(maps: list[dict]) -> str:
    """The numbers of many cells for a script, a few letters each: hundredths, row after row.

    Maps of the same rows and columns share their names. A zero is left out, "?" is blank.
    """

    def group(one: dict) -> tuple[list[str], list[str]]:
        return [_named(name) for name in one["rows"]], [_named(name) for name in one["columns"]]

    groups = []
    for (rows, columns), those in itertools.groupby(maps, group):
        those = list(those)
        cells = [value for one in those for row in one["values"] for value in row]
        hundredths = " ".join("?" if v is None else f"{round(float(f'{v:.2f}') * 100) or ''}" for v in cells)
        named = {"maps": len(those), "rows": rows, "columns": columns}
        groups.append(named | {"hundredths": hundredths})
    told = json.dumps(groups, ensure_ascii=False, separators=(",", ":"))
    return f'<template class="numbers">{html.escape(told, quote=False)}</template>' if maps else ""


def names(maps: list[dict], caption: str) -> list[str]:
    """What to call each map of a figure: its layer and head where they are known, or its title.

    Args:
        caption: names the layer and the head, one that all maps share or one for each.
    """
    layer, head = phrase("layer"), phrase("head")
    found = re.findall(rf"\b{layer} \d+(?:, {head} \d+)?", caption)
    shared = len(found) != len(maps)
    wheres = found if not shared else found * len(maps) if len(found) == 1 else [""] * len(maps)
    made = []
    for one, where in zip(maps, wheres):
        title = SHORT.sub(rf"{layer} \1, {head} \2", one["title"])
        if title.startswith(layer) or not where:
            # Of "Decoder: the past stays", what tells it from the others.
            made.append(title.partition(": ")[0] if len(maps) > 1 else "")
        elif shared:
            made.append(f"{where}, {title}")
        else:
            made.append(where)
    return made


def _named(name: str) -> str:
    return "␣" if name == " " else name


def csv(maps: list[dict]) -> str:
    """The numbers of the maps, a line each: map, row, column, value; empty if there are none."""

    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    if not maps:
        return ""
    lines = ["map,row,column,value"]
    for one in maps:
        for row, values in zip(one["rows"], one["values"]):
            for column, number in zip(one["columns"], values):
                shown = "" if number is None else number
                lines.append(f"{cell(one['title'])},{cell(row)},{cell(column)},{shown}")
    return "\n".join(lines) + "\n"


def _table(one: dict, start: int, end: int) -> str:
    """Some columns of a map, and how much room they need: see print.css."""

    def named(name: str) -> str:
        return html.escape(_named(name))

    cells = [["" if v is None else f"{v:.2f}" for v in row[start:end]] for row in one["values"]]
    columns = one["columns"][start:end]
    # On paper these names stand upright.
    head = "".join(f'<th scope="col"><span>{named(name)}</span></th>' for name in columns)
    rows = "".join(
        f'<tr><th scope="row">{named(name)}</th>{"".join(f"<td>{v}</td>" for v in row)}</tr>'
        for name, row in zip(one["rows"], cells)
    )
    title = html.escape(one["title"])
    if len(columns) < len(one["columns"]):
        part = f"columns {start + 1} to {start + len(columns)}"
        title = f"{title}: {part}" if title else part.capitalize()
    caption = f"<caption>{title}</caption>" if title else ""
    more = " data-more" if start else ""  # of the table before: see docs/assets/touch.js
    digits = max((len(v) for row in cells for v in row), default=0)
    letters = max(map(len, one["rows"]), default=0)
    size = f"--columns:{len(columns)};--digits:{digits};--letters:{letters}"
    return (
        '<div class="md-typeset__scrollwrap" tabindex="0" role="group"'
        f' aria-label="{phrase("Table of numbers")}"><table class="numbers"{mark()} style="{size}"{more}>{caption}'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
