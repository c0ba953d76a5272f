"""What the pages of a built site show and link to, and whether it is there.

Knows the built files and nothing of how they were made.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

ADDRESS = re.compile(r'<(?:img|script|link|a|source)\b[^>]*?\s(?:src|href)="([^"]+)"')
# A place of the build's own; see `patterns`.
UNFILLED = re.compile(r'<\w+\b[^<>]*\sdata-(?:drawn|numbers|colored)="([^"]*)"')
PNG = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"  # how one begins and ends


def broken(site: Path) -> list[str]:
    """Every file that a page names and that is not there, or is empty or cut: a sentence each.

    Addresses of other sites and of pages are left out: mkdocs looks after the pages.
    """
    problems, known = [], {}
    for page in sorted(site.rglob("*.html")):
        where = page.relative_to(site).as_posix()
        text = page.read_text("utf-8")
        for address in sorted(set(ADDRESS.findall(text))):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or parts.path.startswith("/"):
                continue
            place = posixpath.normpath(posixpath.join(posixpath.dirname(where), unquote(parts.path)))
            if posixpath.splitext(place)[1] in ("", ".html"):
                continue
            if place not in known:
                known[place] = _wrong(site / place)
            if known[place]:
                problems.append(f"{where} shows or links to {place}, which {known[place]}")
        for name in sorted(set(UNFILLED.findall(text))):
            problems.append(f"{where} has a place for {name} and nothing in it")
    return problems


def _wrong(path: Path) -> str:
    """What is wrong with a file; empty if it can be shown."""
    if not path.is_file():
        return "is not there"
    if not path.stat().st_size:
        return "is empty"
    data = path.read_bytes() if path.suffix == ".png" else b""
    if data and not (data.startswith(PNG[0]) and data.endswith(PNG[1])):
        return "is no whole picture"
    return ""
