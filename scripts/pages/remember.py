"""While serving: a page that has not changed is not rendered or indexed again.

mkdocs makes every page anew at every change. A book's chapters are long and most of them
stay as they were, so what a page was made into is kept in memory with the text that it
was made from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

# What `Page.render` leaves on a page; links to other pages are kept by their paths.
LEFT = ("content", "toc", "title", "present_anchor_ids", "_title_from_render")

class _Templates(BytecodeCache):
    """The theme's templates, compiled, for the next build of this process."""

    compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.compiled:
            bucket.bytecode_from_string(self.compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.compiled[bucket.key] = bucket.bytecode_to_string()


def templates(environment: Environment) -> None:
    """Let templates be compiled once, and not once a build."""
    environment.bytecode_cache = _Templates()


_rendered: dict[str, tuple[bytes, dict[str, Any]]] = {}
_indexed: dict[str, tuple[bytes, list[dict]]] = {}


def digest(*parts: object) -> bytes:
    """A digest of texts and of whatever else has a stable `repr`."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).digest()


def rendering(page: Page, key: bytes, faults: Callable[[], object]) -> None:
    """Let a page take what it was rendered to before, if `key` is still the same.

    Args:
        page: its `render` is replaced.
        key: a digest of all that the rendering reads.
        faults: counts warnings; a page that caused one is rendered each time, so that the
            warning is told each time.
    """
    render = page.render

    def render_or_recall(config: MkDocsConfig, files: Files) -> None:
        kept = _rendered.get(page.file.src_uri)
        if kept and kept[0] == key:
            left = dict(kept[1])
            links = left.pop("links")
            page.links_to_anchors = {files.get_file_from_path(u): a for u, a in links.items()}
            vars(page).update(left)
            return
        before = faults()
        render(config, files)
        _rendered.pop(page.file.src_uri, None)
        if faults() == before:
            left = {name: vars(page)[name] for name in LEFT if name in vars(page)}
            links = page.links_to_anchors or {}
            left["links"] = {file.src_uri: anchors for file, anchors in links.items()}
            _rendered[page.file.src_uri] = key, left

    page.render = render_or_recall


def indexing(config: MkDocsConfig) -> None:
    """Let the search plugin take what it found on a page before, if the page is the same."""
    plugin = next((p for name, p in config.plugins.items() if name.endswith("search")), None)
    index = getattr(plugin, "search_index", None)
    if not hasattr(index, "add_entry_from_context"):
        return  # another plugin, or another version of it
    add = index.add_entry_from_context

    def add_or_recall(page: Page) -> None:
        key = digest(page.content, page.title, page.url, page.meta)
        kept = _indexed.get(page.file.src_uri)
        if kept and kept[0] == key:
            index.entries.extend(kept[1])
            return
        before = len(index.entries)
        add(page)
        _indexed[page.file.src_uri] = key, index.entries[before:]

    index.add_entry_from_context = add_or_recall
