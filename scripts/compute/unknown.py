"""A run asked for a model that is not there: what it is told in place of “check your connection”.

The libraries look for an unknown name on a hub, which no run of the book may ask, and then speak
of the network. Which name it was their message does not say; the calls that failed know it.
"""

from __future__ import annotations

import difflib
import os
import traceback
from collections.abc import Iterator
from pathlib import Path

from scripts.models.lock import COMMAND, Entry, load_lock

ASKED = ("pretrained_model_name_or_path", "path_or_repo_id", "repo_id")  # in the libraries' calls


def sentence(error: BaseException, root: Path) -> str | None:
    """Which model was asked for, which there are, and the nearest.

    Args:
        error: what ended a run that works in the folder `root`.

    Returns:
        None where no model was missing, so that the error's own words say more.
    """
    asked = next(_asked(error), None)
    path = root / "snippets" / "models.toml"
    if asked is None or not path.exists():
        return None
    lock = load_lock(path)
    name = asked.removeprefix("models/").split("/")[0] if asked.startswith("models/") else ""
    if name in lock:
        return None if (root / "models" / name).exists() else _not_made(name, lock[name])
    return f"there is no model {asked}{_instead(asked, lock)}"


def _asked(error: BaseException) -> Iterator[str]:
    """The names of models and files of models that the failed calls were given, and are not there."""
    if not isinstance(error, OSError):
        return
    for frame, _ in traceback.walk_tb(error.__traceback__):
        for name in ASKED:
            value = frame.f_locals.get(name)
            if isinstance(value, str | os.PathLike) and not os.path.exists(value):
                yield Path(value).as_posix()
    words = [str(error.filename or ""), *str(error).split()]  # one library has it in words alone
    yield from (word for word in words if word.startswith("models/") and not os.path.exists(word))


def _not_made(name: str, entry: Entry) -> str:
    """What to do about a model of the book that has not been made."""
    if trainer := entry.get("snippet"):
        return (
            f"models/{name} is trained by snippets/{trainer}.py: run `python -m scripts run"
            f" {trainer}`, and write the path out, so that the build waits for it"
        )
    return f"models/{name} is not made yet: run `{COMMAND} {name}`"


def _instead(asked: str, lock: dict[str, Entry]) -> str:
    """The nearest model, and all that can be loaded."""
    there = [name for name, entry in lock.items() if "parameters" in entry]
    last = asked.removeprefix("models/").split("/")[0 if asked.startswith("models/") else -1]
    near = difflib.get_close_matches(last.lower(), lock, 1, 0.5)
    hint = f"; did you mean models/{near[0]}?" if near else ";"
    return f"{hint} the book has {', '.join(f'models/{name}' for name in there)}"
