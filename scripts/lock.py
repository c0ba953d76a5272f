"""requirements.txt → requirements.lock: every package that they bring, with its digests.

    pip install uv && python scripts/lock.py         after a change of requirements.txt

pip checks the digests of all that it installs from the lock file. Torch is not in it, nor what
only its builds for graphics cards need: which build a machine takes is the machine's choice. Its
version is pinned in requirements.txt like the others.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts import console  # noqa: E402
from scripts.exclusive import put  # noqa: E402

REQUIREMENTS, LOCK = ROOT / "requirements.txt", ROOT / "requirements.lock"
LEFT_OUT = re.compile(r"(torch|triton|nvidia-.*|cuda-.*)==")
HEAD = """\
# Every package of the book but torch, with the digests that pip checks:
#     pip install --require-hashes --no-deps -r requirements.lock
# Made from requirements.txt by scripts/lock.py; not to be edited by hand.
"""
COMPILE = (
    "uv pip compile requirements.txt --universal --python-version 3.11.5 --generate-hashes"
    " --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet"
)


def entries(text: str) -> dict[str, str]:
    """The lock file's parts: "name==version ; marker" → its lines, with the digests."""
    parts = re.split(r"^(?=[A-Za-z])", text, flags=re.M)
    return {part.split(" \\")[0].strip(): part for part in parts if re.match("[A-Za-z]", part)}


def main() -> int:
    """Write the lock file; returns the exit code."""
    console.any_letter()
    if importlib.util.find_spec("uv") is None:
        print("scripts/lock.py needs uv: run `pip install uv` first", file=sys.stderr)
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


if __name__ == "__main__":
    raise SystemExit(main())
