"""One build at a time in one folder: a lock that ends with the process that holds it."""

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


@contextlib.contextmanager
def exclusive(path: Path, say: Callable[[str], None] = print) -> Iterator[None]:
    """Hold the file `path`, waiting while another process holds it.

    Args:
        path: the lock file; made if missing, and left there. A process that dies, in
            whatever way, lets go of it.
        say: told once, if there is someone to wait for.

    Raises:
        OSError: the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+") as handle:
        if not _take(handle, wait=False):
            say("another build is at work in this folder; waiting until it ends")
            while not _take(handle, wait=True):
                pass
        yield


def _take(handle: IO, wait: bool) -> bool:
    """Lock the open file; whether it worked."""
    try:
        if fcntl:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        else:
            os.lseek(handle.fileno(), 0, os.SEEK_SET)
            msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True
