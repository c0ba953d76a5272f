"""Builds in one folder: a lock between them, and files that are whole or not there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt


def take(path: Path, wait: bool = False) -> IO | None:
    """Lock the file `path`, which is made if missing and left there.

    Args:
        path: the lock file. A process that dies, in whatever way, lets go of it.
        wait: wait while another process holds it.

    Returns:
        The open file: closing it lets go. None if another process holds it.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = open(path, "a+")
    while not _lock(handle, wait):
        if not wait:
            handle.close()
            return None
    return handle


def _lock(handle: IO, wait: bool) -> bool:
    try:
        if fcntl:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        else:
            os.lseek(handle.fileno(), 0, os.SEEK_SET)
            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def exclusive(path: Path, say: Callable[[str], None] = print) -> Iterator[None]:
    """Hold the file `path`; `say` is told once if another build must end first."""
    handle = take(path)
    if handle is None:
        say("another build is at work in this folder; waiting until it ends")
        handle = take(path, wait=True)
    with handle:
        yield


def put(path: Path, data: bytes) -> None:
    """Write a file whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(data)
    os.replace(beside, path)
