"""GGUF, the file format of llama.cpp: read by the library `gguf`, or kept for the page."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.models.ctranslate2 import whisper_weights
from scripts.models.recipe import (
    Source,
    Weights,
    recipe,
    save_json,
    save_tokenizer,
    save_weights,
)


@recipe("unchanged", "model")
def keep_unchanged(source: Source, target: Path) -> None:
    """The file as it came, for the model in the page, which reads it itself."""
    shutil.copyfile(source["model"], target / "model.gguf")


@recipe("ctranslate2-blocks", "model")
def make_blocks_of_whisper(source: Source, target: Path) -> None:
    """Whisper in blocks of 8 bits, for the model in the page, which reads it itself."""
    save_blocks(target / "model.gguf", whisper_weights(source["model"]))


def save_blocks(path: Path, weights: Weights) -> None:
    """Write the weights of a Whisper as GGUF, with matrices in 8 bits.

    A matrix is rounded in blocks of 32 numbers, each with one scale (Q8_0). A convolution
    over three frames becomes a matrix (out, 3 · in), frame after frame. One whose rows
    fill no whole number of blocks stays in float16, and vectors are in float32. The
    encoder's positions are left out: they are the sinusoids of the paper.

    Args:
        path: The file.
        weights: By the names of the library.
    """
    import numpy as np
    from gguf import GGMLQuantizationType, GGUFWriter, quantize

    writer = GGUFWriter(path, "whisper")
    for name, values in weights.items():
        if name == "model.encoder.embed_positions.weight":
            continue
        if values.ndim == 3:  # (out, in, 3) -> (out, 3 · in)
            values = values.swapaxes(1, 2).reshape(len(values), -1)
        kind = GGMLQuantizationType.F32
        if values.ndim == 2:
            whole = values.shape[1] % 32 == 0
            kind = GGMLQuantizationType.Q8_0 if whole else GGMLQuantizationType.F16
        blocks = quantize(np.ascontiguousarray(values, "<f4"), kind)
        writer.add_tensor(name.removeprefix("model."), blocks, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@recipe("gguf", "model")
def make_from_gguf(source: Source, target: Path) -> None:
    """A Llama in GGUF, the file format of llama.cpp: 4-bit weights become float32.

    Names and layout: `gguf-py/gguf/tensor_mapping.py` and `convert_hf_to_gguf.py` of
    llama.cpp. It keeps the rows of query and key in another order for its rotary
    position code; that is undone here.
    """
    from gguf import GGUFReader, dequantize

    reader = GGUFReader(source["model"])

    def field(name: str) -> Any:
        return reader.fields[name].contents()

    heads = {
        "attn_q": field("llama.attention.head_count"),
        "attn_k": field("llama.attention.head_count_kv"),
    }
    names = {
        "token_embd": "embed_tokens",
        "output_norm": "norm",
        "attn_norm": "input_layernorm",
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "ffn_norm": "post_attention_layernorm",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    }
    weights = {}
    for tensor in reader.tensors:
        *block, kind, suffix = tensor.name.split(".")  # blk.0.attn_q.weight
        values = dequantize(tensor.data, tensor.tensor_type)
        if kind in heads:  # (heads, pairs, 2, in) -> (heads, 2, pairs, in)
            pairs = values.reshape(heads[kind], -1, 2, values.shape[-1])
            values = pairs.swapaxes(1, 2).reshape(values.shape)
        layer = f"layers.{block[1]}." if block else ""
        weights[f"model.{layer}{names[kind]}.{suffix}"] = values
    save_weights(target / "model.safetensors", weights)

    special = {
        "bos_token_id": field("tokenizer.ggml.bos_token_id"),
        "eos_token_id": field("tokenizer.ggml.eos_token_id"),
        "pad_token_id": field("tokenizer.ggml.padding_token_id"),
    }
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "float32",
        "vocab_size": field("llama.vocab_size"),
        "hidden_size": field("llama.embedding_length"),
        "intermediate_size": field("llama.feed_forward_length"),
        "num_hidden_layers": field("llama.block_count"),
        "num_attention_heads": heads["attn_q"],
        "num_key_value_heads": heads["attn_k"],
        "max_position_embeddings": field("llama.context_length"),
        "rms_norm_eps": field("llama.attention.layer_norm_rms_epsilon"),
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": field("llama.rope.freq_base"),
        },
        "tie_word_embeddings": True,
    }
    save_json(target / "config.json", config | special)
    save_json(target / "generation_config.json", special | {"do_sample": False})
    _save_gguf_tokenizer(target, field)


def _save_gguf_tokenizer(target: Path, field: Callable[[str], Any]) -> None:
    """A byte-level BPE tokenizer from the vocabulary and merges kept in a GGUF file."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    if field("tokenizer.ggml.pre") != "smollm":  # each name stands for a splitting rule
        raise ValueError(f"unknown splitting rule {field('tokenizer.ggml.pre')}")
    tokens = field("tokenizer.ggml.tokens")
    merges = [tuple(pair.split(" ")) for pair in field("tokenizer.ggml.merges")]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    control = 3  # llama.cpp's LLAMA_TOKEN_TYPE_CONTROL
    kinds = field("tokenizer.ggml.token_type")
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [
            AddedToken(token, normalized=False)
            for token, kind in zip(tokens, kinds, strict=True)
            if kind == control
        ]
    )
    save_tokenizer(
        target,
        tokenizer,
        bos_token=tokens[field("tokenizer.ggml.bos_token_id")],
        eos_token=tokens[field("tokenizer.ggml.eos_token_id")],
        pad_token=tokens[field("tokenizer.ggml.padding_token_id")],
        unk_token=tokens[field("tokenizer.ggml.unknown_token_id")],
        model_max_length=field("llama.context_length"),
        model_input_names=["input_ids", "attention_mask"],
        clean_up_tokenization_spaces=False,
        chat_template=field("tokenizer.chat_template"),
    )
