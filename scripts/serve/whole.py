"""What a build that is to be published computes before it makes a page: everything."""

from __future__ import annotations

from collections.abc import Callable

from scripts.compute import runner
from scripts.compute.book import Book
from scripts.labs import run as labs
from scripts.live import make as live
from scripts.models.make import ensure
from scripts.pages import formulas


def make(book: Book, stays: bool, say: Callable[[str], None]) -> list[str]:
    """Make models, run snippets and labs, all that is stale or missing.

    Args:
        stays: more will be run from this process later.

    Returns:
        Why snippets and labs have failed, a sentence each.
    """
    ensure(say=say, root=book.root)
    failed = runner.run(book, stays=stays, say=say)
    live.make(book.root, say=say)
    if stays:  # a page that is served does not wait for it
        formulas.fetch(book.root)
    return [*failed.values(), *labs.make(book.root, say=say)]
