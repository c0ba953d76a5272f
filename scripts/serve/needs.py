"""What each page needs: its snippets in the order of the page, its lab, the model in the page."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.labs import source
from scripts.pages.patterns import FIGURE, INCLUDE, LITERAL, VALUE

LIVE = "live"  # what the model in the page needs, as one thing in the line
WIDGET = re.compile(r'\bdata-live="(?!(?:by_hand|bits)")')  # all but those that compute by hand


def lab(name: str) -> str:
    """A lab as the line calls it."""
    return f"labs/{name}"


def of_pages(root: Path, known: set[str]) -> dict[str, list[str]]:
    """The file of each page, from `docs` → all that must be computed for it, the first thing first.

    Args:
        known: the names of all snippets; whatever else a page names is no snippet.
    """
    docs, found = root / "docs", {}
    for path in sorted(docs.rglob("*.md")):
        text = LITERAL.sub("", path.read_text("utf-8", "replace"))
        named = [(m.start(), m[2]) for pattern in (INCLUDE, FIGURE) for m in pattern.finditer(text)]
        named += [(m.start(), m[1]) for m in VALUE.finditer(text)]
        names = [name for _, name in sorted(named) if name in known]
        live = [LIVE] if WIDGET.search(text) else []
        found[path.relative_to(docs).as_posix()] = list(dict.fromkeys([*names, *live]))
    return found | {f"labs/{name}.ipynb": [lab(name)] for name in source.names(root)}


def changes(root: Path) -> dict[str, list[tuple[str, int, int]]]:
    """What differs as soon as somebody saves a file: of the "programs", or of the "pages" alone."""
    found = {"programs": [], "pages": []}
    for folder in ("docs", "snippets", "scripts"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found[_decides(path, folder)].append(_seen(path))
    for path in sorted(root.glob("requirements.*")):
        found["programs"].append(_seen(path))
    found["pages"].append(_seen(root / "mkdocs.yml"))
    return found


def _decides(path: Path, folder: str) -> str:
    """Which of both a file belongs to; a lab is a program."""
    pages = folder == "docs" and path.parent.name != "labs" or folder == "scripts" and path.suffix != ".py"
    return "pages" if pages else "programs"


def _seen(path: Path) -> tuple[str, int, int]:
    try:
        status = path.stat()
    except OSError:  # being replaced
        return str(path), 0, 0
    return str(path), status.st_mtime_ns, status.st_size
