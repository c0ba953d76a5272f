"""The book on a system: its strict build and its tests, and its site by another generator.

Parts of `newest`, which tells in its report what each of them finds.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from scripts.compute import runner

OTHER = "properdocs"  # goes on where mkdocs 1 ended, and reads the same settings
TAG = re.compile(rb'<meta name="?generator"? content="[^"]*"\s*/?>')
MOST = 20  # lines of a build's warnings


def site(python: Path, root: Path) -> list[str]:
    """Build the site and run all tests; what fails, a line each.

    Args:
        python: of the environment to do so with.
        root: the folder of the book.
    """
    lines = built(python, root, "mkdocs")
    # A file of tests that cannot be read must not hide what the others find.
    tests = [str(python), "-m", "pytest", "-q", "--tb=line", "-rfE", "--no-header",
             "--continue-on-collection-errors",
             f"--numprocesses={runner.parallel()}", "--dist=loadfile"]  # fmt: skip
    done = _run(tests, root)
    failed = [f"`pytest`: {x}" for x in re.findall(r"^(?:FAILED|ERROR) .*", done.stdout, re.M)]
    if done.returncode and not failed:
        failed.append(f"`pytest`: {(done.stdout + done.stderr).strip().splitlines()[-1]}")
    return lines + failed


def built(python: Path, root: Path, generator: str, *options: str) -> list[str]:
    """Build the site strictly with a generator; what it says if it fails, a line each."""
    done = _run([str(python), "-m", generator, "build", "--strict", *options], root)
    if not done.returncode:
        return []
    said = (done.stdout + done.stderr).strip().splitlines()
    told = [x for x in said if x.startswith(("WARNING", "ERROR"))] or said[-5:]
    return [f"`{generator} build --strict`: {x}" for x in told[:MOST]]


def generators(python: Path, root: Path, into: Path) -> list[str]:
    """Build the site with mkdocs and with what may take over; say what differs, a line each.

    Args:
        python: of an environment, in which the other generator is installed if it is missing.
        into: a folder for both sites.
    """
    call = [str(python), "-m", "pip", "install", "--quiet", OTHER]
    if done := _failed(_run(call, root)):
        return [f"`pip install {OTHER}` fails: {done}"]
    into.mkdir(parents=True, exist_ok=True)
    for name in ("mkdocs", OTHER):
        shutil.rmtree(into / name, ignore_errors=True)
        if lines := built(python, root, name, "--site-dir", str(into / name)):
            return lines
    return unlike(into / "mkdocs", into / OTHER)


def unlike(one: Path, two: Path) -> list[str]:
    """The files in which two built sites differ, but for the tag that names the generator."""
    sides = []
    for site in (one, two):
        files = (path for path in site.rglob("*") if path.is_file())
        sides.append({path.relative_to(site).as_posix(): path for path in files})
    lines = []
    for name in sorted(sides[0].keys() | sides[1].keys()):
        if not all(name in side for side in sides):
            lines.append(f"`{name}` is in the site of {(one if name in sides[0] else two).name} alone")
        elif len({TAG.sub(b"", side[name].read_bytes()) for side in sides}) > 1:
            lines.append(f"`{name}` differs")
    return lines


def _run(command: list[str], root: Path) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", errors="replace")


def _failed(done: subprocess.CompletedProcess) -> str:
    """The last line of what a command said, if it failed."""
    return (done.stderr.strip().splitlines() or ["no word"])[-1] if done.returncode else ""
