"""Builds in one folder: a lock between them, and files that are whole or not there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout


def take(path: Path, wait: bool = False) -> BaseFileLock | None:
    """Lock the file `path`, which is made if missing.

    Args:
        path: the lock file. A process that dies, in whatever way, lets go of it.
        wait: wait while another process holds it.

    Returns:
        The lock: `release` lets go. None if another process holds it.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, thread_local=False)  # whichever thread ends the work lets go
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout:
        return None
    return lock


@contextlib.contextmanager
def exclusive(path: Path, say: Callable[[str], None] = print) -> Iterator[None]:
    """Hold the file `path`; `say` is told once if another build must end first."""
    lock = take(path)
    if lock is None:
        say("another build is at work in this folder; waiting until it ends")
        lock = take(path, wait=True)
    try:
        yield
    finally:
        lock.release()


def put(path: Path, data: bytes) -> None:
    """Write a file whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(data)
    os.replace(beside, path)
