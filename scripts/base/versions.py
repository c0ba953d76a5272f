"""The versions of the packages that outputs depend on, also where some are not installed."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import importlib.util
import json
import re

from scripts.base import ROOT

TOLD = ROOT / ".cache" / "versions.json"  # of loaded outputs: package → version


def of(package: str) -> str:
    """The installed version, or that of loaded outputs, or the one that the book asks for.

    Who writes prose alone needs no PyTorch to see what was recorded with it.
    """
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return _told().get(package) or _asked()[package]


def computes() -> bool:
    """Whether snippets can be run here."""
    with contextlib.suppress(ImportError):
        return importlib.util.find_spec("torch") is not None
    return False


def _told() -> dict[str, str]:
    """What loaded outputs were recorded with, if it is what the book asks for."""
    try:
        told = json.loads(TOLD.read_text("utf-8"))
        return {name: v for name, v in told.items() if v.split("+")[0] == _asked()[name]}
    except (OSError, ValueError, LookupError, AttributeError):
        return {}


@functools.cache
def _asked() -> dict[str, str]:
    text = (ROOT / "requirements.txt").read_text("utf-8")
    return dict(re.findall(r"^([\w-]+)==(\S+)", text, re.M))
