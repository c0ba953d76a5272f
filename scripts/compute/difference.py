"""Two builds' outputs side by side: what another version of a library changes in the book.

    python -m scripts difference ../pinned .          two folders of the book, each built

Prints a report in Markdown, on snippets and labs. A program that imports `time` may print
something else on each run, and one that prints versions should: those that differ are named, not
shown. Exits with 1 if anything else differs.
"""

from __future__ import annotations

import difflib
import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import click

from scripts.compute.book import Book, Outcome

# What tells times, or the versions that it is run with, of which a stamp is made too.
OTHERWISE = re.compile(
    r"^(?:import time|from time import)\b|\.__version__\b|\.stamp\(|Path\(\"requirements\.", re.M
)
SHOWN = 40  # lines of a text's difference, at most


@dataclass
class Report:
    """What differs, by snippet."""

    fails: dict[str, str] = field(default_factory=dict)  # → the sentence of the failure
    values: dict[str, list[str]] = field(default_factory=dict)  # → "name: old → new"
    texts: dict[str, str] = field(default_factory=dict)  # → a unified difference
    figures: list[str] = field(default_factory=list)
    timed: list[str] = field(default_factory=list)  # differ, but they tell times or versions
    missing: list[str] = field(default_factory=list)  # run in one build only

    @property
    def same(self) -> bool:
        """Whether only times and versions differ."""
        return not any(
            (self.fails, self.values, self.texts, self.figures, self.missing)
        )


def says_otherwise(source: str) -> bool:
    """Whether a program tells times or versions, which another build need not repeat."""
    return bool(OTHERWISE.search(source))


def compare(old: Book, new: Book, names: Iterable[str] = ()) -> Report:
    """What the outputs of `new` have that those of `old` have not, and the reverse.

    Args:
        old, new: two books, each built.
        names: the snippets to compare; all, and the labs, if empty.
    """
    report = Report()
    if not names:
        compare_labs(report, old, new)
    for name in sorted(names or {*old.names(), *new.names()}):
        one, two = old.outcome(name), new.outcome(name)
        if one is None or two is None:
            report.missing.append(name)
        elif two.error:
            report.fails[name] = two.error
        else:
            _compare_one(report, name, (old, one), (new, two))
    return report


def _compare_one(report: Report, name: str, *sides: tuple[Book, Outcome]) -> None:
    one, two = (outcome.values for _, outcome in sides)
    changed = [
        f"`{key}`: {one.get(key)!r} → {two.get(key)!r}"
        for key in sorted(one.keys() | two.keys())
        if one.get(key) != two.get(key)
    ]
    texts = [book.output(name, "txt").read_text("utf-8").splitlines() for book, _ in sides]
    drawn = [(path and path.read_bytes(), outcome.slider) for book, outcome in sides for path in [book.figure(name)]]
    source = (sides[1][0].snippets_dir / f"{name}.py").read_text("utf-8")
    if says_otherwise(source):
        if changed or texts[0] != texts[1] or drawn[0] != drawn[1]:
            report.timed.append(name)
        return
    if changed:
        report.values[name] = changed
    if texts[0] != texts[1]:
        report.texts[name] = unified(*texts)
    if drawn[0] != drawn[1]:
        report.figures.append(name)


def unified(before: list[str], now: list[str]) -> str:
    """What differs between two texts' lines, as a patch shows it, cut where it gets long."""
    lines = list(difflib.unified_diff(before, now, "before", "now", lineterm="", n=1))
    more = len(lines) - SHOWN
    return "\n".join(lines[:SHOWN] + [f"… and {more} more"] * (more > 0))


def compare_labs(report: Report, old: Book, new: Book) -> None:
    """What the cells of the labs printed and drew, where both books have run a lab."""
    sides = [labs(book) for book in (old, new)]
    for name in sorted(sides[0].keys() & sides[1].keys()):
        (texts, drawn), (new_texts, new_drawn) = (side[name] for side in sides)
        if texts != new_texts:
            report.texts[name] = unified(texts, new_texts)
        if drawn != new_drawn:
            report.figures.append(name)


def labs(book: Book) -> dict[str, tuple[list[str], list[str]]]:
    """ "labs/topic" → the lines that its cells printed, and its figures, in base 64."""
    found = {}
    for path in sorted((book.root / ".cache" / "labs").glob("*.json")):
        cells = json.loads(path.read_text("utf-8")).get("outputs", [])
        outputs = [output for cell in cells for output in cell]
        shown = [output["data"] for output in outputs if "data" in output]
        printed = [output["text"] for output in outputs if "text" in output]
        drawn = [data["image/png"] for data in shown if "image/png" in data]
        printed += [data["text/plain"] for data in shown if "image/png" not in data]
        found[f"labs/{path.stem}"] = "".join(printed).splitlines(), drawn
    return found


def markdown(report: Report, total: int) -> str:
    """The report for people; `total` snippets were compared."""
    parts = [f"# What differs, in {total} snippets"]
    if report.same:
        parts.append("Nothing but times and versions.")
    if report.missing:
        parts.append(f"## In one build only\n\n{_list(report.missing)}")
    if report.fails:
        lines = [f"`{name}`: {sentence}" for name, sentence in report.fails.items()]
        parts.append(f"## Fails now\n\n{_list(lines, '')}")
    if report.values:
        lines = [f"`{name}`: {'; '.join(what)}" for name, what in report.values.items()]
        parts.append(f"## Other values\n\n{_list(lines, '')}")
    if report.texts:
        parts.append("## Other texts")
        parts += [f"`{name}`\n\n```diff\n{text}\n```" for name, text in report.texts.items()]
    if report.figures:
        parts.append(f"## Other figures\n\n{_list(report.figures)}")
    if report.timed:
        parts.append(f"## Differ, and tell times or versions\n\n{_list(report.timed)}")
    return "\n\n".join(parts) + "\n"


def _list(lines: list[str], mark: str = "`") -> str:
    return "\n".join(f"- {mark}{line}{mark}" for line in lines)


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
def main(old: Path, new: Path) -> int:
    """Compare what two builds left: OLD, a folder of the book whose outputs are known, and NEW."""
    books = [Book(folder.resolve()) for folder in (old, new)]
    for folder, book in zip((old, new), books, strict=True):
        if not book.cache.exists():
            print(f"{folder} has no outputs: run python -m scripts run there", file=sys.stderr)
            return 2
    report = compare(*books)
    print(markdown(report, len(books[1].names())), end="")
    return 0 if report.same else 1
