"""PyTorch's own files of weights, read without unpickling an object."""

from __future__ import annotations

import shutil
from pathlib import Path

from scripts.models.recipe import Source, recipe, save_tokenizer, save_weights

# A token of SMILES, the line notation for molecules: an atom in brackets, an atom, a
# bond, a branch, a ring number. From rxnmapper (MIT); Schwaller et al., 2018.
SMILES = (
    r"(\[[^\]]+]|Br?|Cl?|N|O|S|P|F|I|b|c|n|o|s|p|\(|\)|\.|=|#|-|\+|\\|\/|:|~|@|\?|>>?"
    r"|\*|\$|\%[0-9]{2}|[0-9])"
)


@recipe("pytorch", "config", "weights", "vocabulary")
def make_from_pytorch(source: Source, target: Path) -> None:
    """A language model of molecules, kept as torch's own file of weights.

    torch reads it with `weights_only`, which builds tensors and never unpickles an
    object. Two things are left behind: the pooler, which the masked language model
    does not have, and the output matrix, which is the embedding table again.
    """
    import torch

    tensors = torch.load(source["weights"], map_location="cpu", weights_only=True)
    tied = {
        "predictions.decoder.weight": "albert.embeddings.word_embeddings.weight",
        "predictions.decoder.bias": "predictions.bias",
    }
    for copy, original in tied.items():
        if not torch.equal(tensors[copy], tensors[original]):
            raise ValueError(f"{copy} is not the same as {original}")
    weights = {
        name: values.numpy()
        for name, values in tensors.items()
        if name not in tied and not name.startswith("albert.pooler.")
    }
    save_weights(target / "model.safetensors", weights)
    shutil.copyfile(source["config"], target / "config.json")
    _save_molecule_tokenizer(source["vocabulary"], target)


def _save_molecule_tokenizer(path: Path, target: Path) -> None:
    """One token for each match of SMILES, and nothing else."""
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        decoders,
        models,
        pre_tokenizers,
        processors,
    )

    tokens = path.read_text(encoding="utf-8").splitlines()
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(
        Regex(SMILES), behavior="removed", invert=True
    )
    tokenizer.decoder = decoders.Fuse()
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    tokenizer.add_special_tokens([AddedToken(one, normalized=False) for one in special])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(one, vocabulary[one]) for one in ("[CLS]", "[SEP]")],
    )
    names = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    save_tokenizer(
        target,
        tokenizer,
        **dict(zip(names, special, strict=True)),
        model_max_length=512,
        clean_up_tokenization_spaces=False,
    )
