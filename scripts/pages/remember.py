"""While serving: what has not changed is not made again.

mkdocs makes every page anew at every change. A book's chapters are long and most of them
stay as they were, so what was made is kept in memory with a digest of what it was made from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

# What Markdown leaves in a page beside its content.
RENDERED = "toc", "title", "links_to_anchors", "present_anchor_ids", "_title_from_render"
_made: dict[str, tuple[bytes, str, dict]] = {}  # a page → what it is made from, what it became
_indexed: dict[str, tuple[bytes, list[dict]]] = {}
_making: tuple[bytes, dict] = b"", {}  # of the page that is being made: its key, the faults before


def same(page: str, read: Iterable[object], faults: Mapping) -> bool:
    """Whether a page need not be made, because `made` has kept it and it was made from the same.

    Args:
        page: its address.
        read: all that it is made from, as texts.
        faults: counts warnings.
    """
    global _making
    _making = digest(*read), dict(faults)
    return page in _made and _made[page][0] == _making[0]


def made(page: str, content: str, left: dict, names: Iterable[str], faults: Mapping) -> str:
    """What the page became, which is kept, or what `same` has promised.

    A page that caused a warning is made each time, so that the warning is told each time.

    Args:
        left: all that is known of the page; what stands there under `names` is kept, or put back.
    """
    key, before = _making
    if page in _made and _made[page][0] == key:
        left.update(_made[page][2])
        return _made[page][1]
    _made.pop(page, None)
    if before == faults:
        _made[page] = key, content, {name: left[name] for name in names if name in left}
    return content


def read(page: Any, content: str, files: Mapping[str, Any], faults: Mapping) -> str:
    """What `made` gives for a page of mkdocs; its links to others are kept by their paths.

    Args:
        files: path → file, of this build.
    """
    links = page.links_to_anchors or {}
    page.links_to_anchors = {file.src_uri: anchors for file, anchors in links.items()}
    content = made(page.url, content, vars(page), RENDERED, faults)
    links = page.links_to_anchors
    page.links_to_anchors = {files.get(path): anchors for path, anchors in links.items()}
    return content


def indexing(plugins: Iterable[object], names: Sequence[str]) -> None:
    """Let the search take what it found on a page before, if the page is the same.

    Args:
        plugins: that of the search has a `search_index`; with another one nothing is kept.
        names: all that the search reads of a page.
    """
    for plugin in plugins:
        index = getattr(plugin, "search_index", None)
        if hasattr(index, "add_entry_from_context"):
            index.add_entry_from_context = _recalling(index, index.add_entry_from_context, names)


def _recalling(index: Any, add: Callable[[Any], None], names: Sequence[str]) -> Callable:
    def add_or_recall(page: Any) -> None:
        key = digest(*(getattr(page, name) for name in names))
        kept = _indexed.get(page.url)
        if kept and kept[0] == key:
            index.entries.extend(kept[1])
            return
        before = len(index.entries)
        add(page)
        _indexed[page.url] = key, index.entries[before:]

    return add_or_recall


def digest(*parts: object) -> bytes:
    """A digest of texts and of whatever else has a stable `repr`."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).digest()


class _Templates(BytecodeCache):
    """The theme's templates, compiled once, and not once a build."""

    compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.compiled:
            bucket.bytecode_from_string(self.compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.compiled[bucket.key] = bucket.bytecode_to_string()


templates = _Templates()
