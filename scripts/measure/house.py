"""The scripts as a house: which module imports which, read from the programs themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib.util import resolve_name
from pathlib import Path


def imports(root: Path) -> dict[str, set[str]]:
    """For each module below `scripts` all that it imports, by full names.

    What is imported inside a function counts, and for hints alone. A name of the house is the
    name of a module: `from scripts.base import ROOT` is `scripts.base`.

    Args:
        root: the folder that holds `scripts`.
    """
    paths = {_module(path.relative_to(root)): path for path in (root / "scripts").rglob("*.py")}

    def whole(name: str) -> str:
        above = name
        while above and above not in paths:
            above = above.rpartition(".")[0]
        return above or name

    return {
        module: {whole(name) for name in _imported(path, module)} - {module}
        for module, path in sorted(paths.items())
    }


def room(module: str) -> str:
    """The room that a module stands in, or itself: `scripts.hooks` stands in none."""
    return f"{module}.".split(".")[1]


def rooms(root: Path) -> dict[str, set[str]]:
    """For each room the others that it imports."""
    found: dict[str, set[str]] = {}
    for module, names in imports(root).items():
        known = {room(name) for name in names if f"{name}.".startswith("scripts.")}
        found.setdefault(room(module), set()).update(known - {room(module), ""})
    found.pop("", None)  # scripts/__init__.py
    return found


def circle(known: dict[str, set[str]]) -> list[str]:
    """Names that lead back to the first of them, each to the next; none if there are none."""
    done: set[str] = set()

    def follow(way: list[str]) -> list[str]:
        for name in sorted(known.get(way[-1], set()) - done):
            if name in way:
                return [*way[way.index(name) :], name]
            if found := follow([*way, name]):
                return found
        done.add(way[-1])
        return []

    return next((found for name in known if (found := follow([name]))), [])


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imported(path: Path, module: str) -> Iterator[str]:
    """All names that a program imports, each with the module that it is taken from."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{origin}.{alias.name}" for alias in node.names)
