"""The library's own format: kept as it is, or rounded to half its bytes."""

from __future__ import annotations

import shutil
from pathlib import Path

from scripts.models.recipe import Source, load_json, recipe, save_tokenizer


@recipe("safetensors", "config", "weights", "tokenizer", "tokenizer_config")
def make_from_safetensors(source: Source, target: Path) -> None:
    """The library's own format: the weights are kept byte for byte.

    The tokenizer forgets its stored padding and cutting, so that a call returns the
    tokens of the text and no more.
    """
    from tokenizers import Tokenizer

    shutil.copyfile(source["config"], target / "config.json")
    shutil.copyfile(source["weights"], target / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(source["tokenizer"]))
    save_tokenizer(target, tokenizer, **load_json(source["tokenizer_config"]))


@recipe("half", "weights")
def make_half(source: Source, target: Path) -> None:
    """Half the bytes, for the model in the page: each float32 rounded to float16.

    Left out is the pooler, which sentence embeddings do not use, and what is no weight.
    """
    import numpy as np
    from safetensors.numpy import load_file, save_file

    half = {
        name: values.astype("<f2")
        for name, values in sorted(load_file(source["weights"]).items())
        if values.dtype == np.float32 and not name.startswith("pooler.")
    }
    save_file(half, target / "model.safetensors")
    (target / "model.safetensors").chmod(0o644)
