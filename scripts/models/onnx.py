"""ONNX: protocol buffers that hold a graph, its weights in 4 and 8 bits."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from scripts.models.recipe import (
    Source,
    Weights,
    load_json,
    recipe,
    save_tokenizer,
    save_weights,
)


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
