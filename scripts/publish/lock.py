"""requirements.txt → requirements.lock: every package that they bring, with its digests.

    pip install uv && python -m scripts lock         after a change of requirements.txt

pip checks the digests of all that it installs from the lock file. Torch is not in it, nor what
only its builds for graphics cards need: which build a machine takes is the machine's choice. Its
version is pinned in requirements.txt like the others.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

import click

from scripts.base import ROOT
from scripts.base.files import put

REQUIREMENTS, LOCK = ROOT / "requirements.txt", ROOT / "requirements.lock"
LEFT_OUT = re.compile(r"(torch|triton|nvidia-.*|cuda-.*)==")
HEAD = """\
# Every package of the book but torch, with the digests that pip checks:
#     pip install --require-hashes --no-deps -r requirements.lock
# Made from requirements.txt by python -m scripts lock; not to be edited by hand.
"""
COMPILE = (
    "uv pip compile requirements.txt --universal --python-version 3.11.5 --generate-hashes"
    " --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet"
)


def entries(text: str) -> dict[str, str]:
    """The lock file's parts: "name==version ; marker" → its lines, with the digests."""
    parts = re.split(r"^(?=[A-Za-z])", text, flags=re.M)
    return {part.split(" \\")[0].strip(): part for part in parts if re.match("[A-Za-z]", part)}


@click.command()
def main() -> int:
    """Write requirements.lock anew, after a change of requirements.txt."""
    if importlib.util.find_spec("uv") is None:
        print("python -m scripts lock needs uv: run `pip install uv` first", file=sys.stderr)
        return 1
    call = [sys.executable, "-m", *COMPILE.split()]  # wherever the environment's programs lie
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        print(f"requirements.txt cannot be solved:\n{done.stderr.strip()}", file=sys.stderr)
        return 1
    kept = [part for name, part in entries(done.stdout).items() if not LEFT_OUT.match(name)]
    put(LOCK, (HEAD + "".join(kept)).encode())
    print(f"{LOCK.name}: {len(kept)} packages")
    return 0
