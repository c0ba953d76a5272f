"""axe-core, which finds what keeps readers out. Only tests and measures run it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from scripts.base import ROOT, node, seals
from scripts.base.files import exclusive, put


def source(root: Path = ROOT) -> str:
    """The program's text.

    Raises:
        node.NodeError: In one sentence, why it could not be fetched.
    """
    lock = (root / "scripts/node/package-lock.json").read_bytes()
    path = root / ".cache" / "checker" / f"axe-{hashlib.sha256(lock).hexdigest()[:8]}.js"
    with exclusive(root / ".cache" / "checker.lock", lambda line: None):
        seal = path.with_suffix(".seal")
        if not seals.holds(seal, path.name, path.parent):
            with node.packages(root, path.parent / ".node") as there:
                put(path, (there / "axe-core" / "axe.min.js").read_bytes())
            seals.write(seal, path.name, path.parent, [path])
    return path.read_text("utf-8")
