"""What was made, and whether it still is that: a list of files with their digests.

A file that has the size and the times of when it was looked at last is not read again. Any other
is right if its digest is: it was copied, or somebody touched it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from scripts.base.files import put


def write(seal: Path, stamp: str, folder: Path, made: Iterable[Path]) -> None:
    """Keep in the file `seal` what the files `made` in `folder` are, and what they came from.

    Args:
        stamp: says from what they were made.
    """
    files = {
        path.relative_to(folder).as_posix(): {"seen": seen(path), "sha256": digest(path)}
        for path in sorted(made)
    }
    put(seal, json.dumps({"stamp": stamp, "files": files}, indent=1).encode())


def holds(seal: Path, stamp: str, folder: Path) -> bool:
    """Whether all that `write` has listed is there as it was made, and from the same `stamp`."""
    try:
        kept = json.loads(seal.read_text("utf-8"))
        if kept["stamp"] != stamp:
            return False
        touched = False
        for name, file in kept["files"].items():
            now = seen(folder / name)
            if now != file["seen"]:
                if digest(folder / name) != file["sha256"]:
                    return False
                file["seen"], touched = now, True
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return False
    if touched:
        with contextlib.suppress(OSError):  # in a folder that cannot be written: each time
            put(seal, json.dumps(kept, indent=1).encode())
    return True


def listed(seal: Path) -> list[str]:
    """The files that `write` has listed, as paths from their folder; none without a seal."""
    try:
        return list(json.loads(seal.read_text("utf-8"))["files"])
    except (OSError, ValueError, LookupError, TypeError):
        return []


def sizes(seal: Path) -> list[tuple[str, int]]:
    """The same with their sizes in bytes."""
    try:
        files = json.loads(seal.read_text("utf-8"))["files"]
        return [(name, file["seen"][0]) for name, file in files.items()]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return []


def seen(path: Path) -> list[int]:
    """What changes when somebody touches a file, and cannot be set back: the last of the three."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def digest(path: Path) -> str:
    """sha256 of a file, as hexadecimal text."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def put_sealed(path: Path, data: bytes) -> None:
    """Write a file that `sealed` reads: its first line is a comment with a digest of the rest."""
    put(path, f"// {hashlib.sha256(data).hexdigest()}\n".encode() + data)


def sealed(path: Path) -> bytes | None:
    """What `put_sealed` wrote there; None if there is nothing, or something else by now."""
    seal, _, data = path.read_bytes().partition(b"\n") if path.exists() else (b"", b"", b"")
    return data if seal == f"// {hashlib.sha256(data).hexdigest()}".encode() else None
