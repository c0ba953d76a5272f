"""The last few outcomes of one program, each under its stamp: a text taken back runs nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path

from scripts.base import seals

MOST = 4  # outcomes of one program: its last texts


def keep(folder: Path, stamp: str, data: bytes) -> None:
    """Keep an outcome among the last few in `folder`. Raises OSError."""
    seals.put_sealed(folder / stamp, data)
    last = sorted(folder.glob("[!.]*"), key=lambda path: path.stat().st_mtime_ns)
    for path in last[:-MOST]:
        path.unlink(missing_ok=True)


def recall(folder: Path, stamp: str) -> bytes | None:
    """What was kept under that stamp, if it is whole."""
    with contextlib.suppress(OSError):
        return seals.sealed(folder / stamp)
    return None
