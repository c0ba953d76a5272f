"""The book's scripts as a browser loads them: without comments and spaces.

They are written to be read, and a third of their bytes is for readers. So a published site has
each twice: short where the pages load it, and as it was written in `source/`, to which the first
line of the short one leads. `mkdocs serve` hands them out as they are.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterator
from pathlib import Path

from scripts.base import ROOT, BookError, kept, node
from scripts.base.files import put


def scripts(docs: Path) -> Iterator[tuple[str, str]]:
    """Each script: its address from the root of the site, its text."""
    for path in sorted((docs / "assets").rglob("*.js")):
        yield path.relative_to(docs).as_posix(), path.read_text("utf-8")


def sources(docs: Path) -> Iterator[tuple[str, str]]:
    """Each script as it was written: the address at which readers find that, its text."""
    for name, text in scripts(docs):
        yield source(name), text


def source(name: str) -> str:
    """Where a script stands as it was written; `name` is its own address."""
    return f"source/{name.removeprefix('assets/')}"


def shorten(site: Path, docs: Path, cache: Path) -> None:
    """Write the scripts of `docs` into `site`, short.

    Args:
        cache: a folder that keeps what was made from the same scripts, and the packages of Node.

    Raises:
        BookError: a script cannot be read; says the file, the line and why.
    """
    for name, text in short(docs, cache).items():
        there = posixpath.relpath(source(name), posixpath.dirname(name))
        put(site / name, f"// MIT. Readable: {there}\n{text}\n".encode())


def short(docs: Path, cache: Path) -> dict[str, str]:
    """The text of each script, short, by its address. For arguments and errors see `shorten`."""
    given = json.dumps(dict(scripts(docs)))
    program, lock = (ROOT / "scripts" / "node" / name for name in ("shorten.mjs", "package-lock.json"))
    parts = (given.encode(), program.read_bytes(), lock.read_bytes())
    stamp = hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
    if not (made := kept.recall(cache / "scripts", stamp)):
        terser = (node.installed(cache) / "terser" / "main.js").as_uri()
        made = node.run("no script can be shortened", program, terser, input=given).encode()
        kept.keep(cache / "scripts", stamp, made)
    told = json.loads(made)
    if wrong := [f"docs/{name}, {one['error']}" for name, one in told.items() if "error" in one]:
        raise BookError(f"{'; '.join(wrong)}; the last site stays as it was")
    return {name: one["short"] for name, one in told.items()}
