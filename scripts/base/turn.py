"""A build has its turn in a folder, works beside what the last one made, and swaps its own in."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from scripts.base import BookError
from scripts.base.files import exclusive

UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
AGAIN = "make room or allow writing, then run the same command again"


class Turn(contextlib.ExitStack):
    """Held by a build from its start to its end, so that an unfinished one replaces no good one."""

    wanted: Path | None = None
    built: Path | None = None

    def take(self, wanted: str, built: Path, say: Callable[[str], None]) -> str:
        """Wait until no other build holds the file beside `built`; return where to build.

        Args:
            wanted: the folder where what was built belongs in the end.
            built: a folder; if it is on another disk, it is copied before the swap.

        Raises:
            BookError: the disk cannot be written.
        """
        self.wanted, self.built = Path(wanted), built
        try:
            self.enter_context(exclusive(built.with_suffix(".lock"), say))
        except OSError as error:
            raise BookError(
                f"{built.parent.name} cannot be written: {error.strerror}; {AGAIN}"
            ) from None
        return str(built)

    def end(self, site: str, good: bool) -> str:
        """Swap what was built in if it is good, and let the next build begin.

        Args:
            site: where it was built; without a turn, as while serving, it stays there.
            good: else the last site stays as it was.

        Returns:
            Where the site lies.
        """
        if self.built is None:
            return site
        if good:
            built, parent = self.built, self.wanted.parent
            parent.mkdir(parents=True, exist_ok=True)
            if built.stat().st_dev != parent.stat().st_dev:  # a long copy first, beside the last site
                built = self.wanted.with_name(f"{self.wanted.name}.new")
                shutil.rmtree(built, ignore_errors=True)
                shutil.move(self.built, built)
            old = built.with_name(f"{built.name}.old")
            shutil.rmtree(old, ignore_errors=True)
            if self.wanted.exists():
                os.replace(self.wanted, old)
            os.replace(built, self.wanted)
            shutil.rmtree(old, ignore_errors=True)
        self.close()
        return str(self.wanted)


def sentence(error: Exception) -> str:
    """What an error says to who builds: a sentence of ours, or one about the disk; else empty."""
    if isinstance(error, BookError):
        return str(error)
    if not isinstance(error, OSError) or error.errno not in UNWRITABLE:
        return ""
    what = error.filename or "the site"
    return f"{what} cannot be written: {error.strerror}; {AGAIN}; the last site stays as it was"
