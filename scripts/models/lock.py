"""The lock file of the models: what it names, what is wrong with it, a digest of each entry.

The lock file `snippets/models.toml` names, for each model, a wheel by its sha256, the
files taken out of it and a recipe.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import tomllib
from pathlib import Path
from typing import Any

from scripts.base import ROOT, BookError
from scripts.models import (  # noqa: F401  each puts its recipes into RECIPES
    ctranslate2,
    gguf,
    marian,
    onnx,
    pytorch,
    ratings,
    safetensors,
)
from scripts.models.recipe import RECIPES

LOCK = ROOT / "snippets" / "models.toml"
COMMAND = "python -m scripts models"

Entry = dict[str, Any]


class ModelError(BookError):
    """What went wrong, in one sentence: the file, the cause, the command that helps."""


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
    shown = short(path)
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


def short(path: Path) -> str:
    """A path as one would type it from here."""
    with contextlib.suppress(ValueError):
        return path.relative_to(Path.cwd()).as_posix()
    return path.as_posix()
