"""axe-core, which finds what keeps readers out. Only tests and measures run it."""

from pathlib import Path

from scripts.base import ROOT, node


def source(root: Path = ROOT) -> str:
    """The program's text.

    Raises:
        NodeError: In one sentence, why it could not be fetched.
    """
    return node.library("checker", "axe-core/axe.min.js", root).read_text("utf-8")
