"""Whisper in the page: it hears what the book's own hears, and looks where it looks."""

import json
import wave

import numpy as np
import pytest
import torch
from gguf import GGUFReader, dequantize
from test_live import KERNELS, numbers, run, site, worst  # noqa: F401 - fixtures
from transformers import AutoTokenizer, WhisperConfig, WhisperFeatureExtractor
from transformers import WhisperForConditionalGeneration as Library

from scripts.base import ROOT
from scripts.models.gguf import save_blocks
from scripts.models.make import ensure

CLIPS = {"open_the_window": " Please open the window. It is very hot today.", "train_at_seven": " But mainly not heaven."}
RATE, SECONDS = 16_000, 30
POSITIONS = ".encoder.embed_positions.weight"


@pytest.fixture(scope="module", autouse=True)
def files():
    ensure(["whisper", "whisper-8bit"])


@pytest.fixture(scope="module")
def extractor():
    return WhisperFeatureExtractor.from_pretrained("models/whisper")


def clip(name: str) -> np.ndarray:
    with wave.open(f"snippets/audio/{name}.wav") as file:
        assert file.getparams()[:3] == (1, 2, RATE)
        return np.frombuffer(file.readframes(-1), "<i2").astype("f4") / 32768


def put(folder, sounds) -> list[str]:
    """Each sound in a file that Node reads."""
    paths = [folder / f"sound{i}.f32" for i in range(len(sounds))]
    for path, sound in zip(paths, sounds, strict=True):
        sound.astype("<f4").tofile(path)
    return list(map(str, paths))


def rounded(path, config) -> Library:
    """The library's model with the weights that are in the page's file."""
    model = Library._from_config(config, attn_implementation="eager").eval()
    weights = model.state_dict()
    left = {name for name in weights if not name.endswith(POSITIONS) and name != "proj_out.weight"}
    for tensor in GGUFReader(path).tensors:
        values = torch.tensor(dequantize(tensor.data, tensor.tensor_type))
        name = f"model.{tensor.name}"
        if weights[name].ndim == 3:  # (out, 3 · in) → (out, in, 3)
            values = values.unflatten(1, (3, -1)).transpose(1, 2)
        weights[name].copy_(values)
        left.remove(name)
    assert not left, "the file has all weights, and no others"
    return model


@torch.no_grad()
def run_library(model: Library, features, ids):
    """Encoder states, logits after each of the ids, cross-attention (heads of all layers, ids, positions)."""
    heard = model.model.encoder(features).last_hidden_state
    out = model(encoder_outputs=(heard,), decoder_input_ids=torch.tensor([ids]), output_attentions=True)
    return heard[0].numpy(), out.logits[0].numpy(), torch.cat(out.cross_attentions, 1)[0].numpy()


# ------------------------------------------------------------------------- sound


def test_features(run, extractor, tmp_path):  # noqa: F811
    """The picture of a clip, of noise, tones and clicks, of a sound that is short, long, or not there."""
    chance = np.random.default_rng(0)
    time = np.arange(2 * RATE) / RATE
    sounds = [
        clip("open_the_window"),
        chance.normal(0, 0.1, 31 * RATE),  # a second too much
        np.sin(2 * np.pi * 440 * time) * np.linspace(0, 1, len(time)),
        (np.arange(RATE) % 1000 == 0).astype("f4"),
        chance.normal(0, 0.1, 50),  # shorter than the window
        np.zeros(RATE),
    ]
    run("hear", {"job": "features", "sounds": put(tmp_path, sounds), "out": str(tmp_path)})
    found = numbers(tmp_path, "features").reshape(len(sounds), 3000, 80)
    for mine, sound in zip(found, sounds, strict=True):
        right = extractor(sound.astype("f4"), sampling_rate=RATE, return_tensors="np").input_features[0]
        assert worst(mine.T, right) < 1e-4


# --------------------------------------------------------------------- the model


def test_the_file_has_the_weights_rounded_to_8_bits(says):
    from safetensors.numpy import load_file

    whole = load_file("models/whisper/model.safetensors")
    found = rounded("models/whisper-8bit/model.gguf", WhisperConfig.from_pretrained("models/whisper")).state_dict()
    for name, values in whole.items():
        flat = values.swapaxes(1, 2).reshape(len(values), -1) if values.ndim == 3 else values
        mine = found[name].numpy()
        if name.endswith(POSITIONS):
            step = 1e-3  # not in the file: the sinusoids, but for 16 bits
        elif values.ndim == 1:
            step = 0
        elif flat.shape[1] % 32:
            step = 1e-6  # in float16, as in the wheel
        else:
            blocks = np.abs(flat).reshape(len(flat), -1, 32).max(-1)
            step = (blocks.repeat(32, -1) / 127 * 0.57 + 4e-6).reshape(flat.shape)  # the scale is a float16
            mine = mine.swapaxes(1, 2).reshape(flat.shape) if values.ndim == 3 else mine
            values = flat
        assert (np.abs(mine - values) <= step).all(), name
    says("and those of Whisper in 8.", page="playground")
    size = (ROOT / "models/whisper-8bit/model.gguf").stat().st_size
    assert size < 45e6


SMALL = {
    "d_model": 64, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
    "encoder_ffn_dim": 128, "decoder_ffn_dim": 128, "vocab_size": 96, "num_mel_bins": 16, "max_source_positions": 120,
    "max_target_positions": 20, "decoder_start_token_id": 3, "no_timestamps_token_id": 4,
    "suppress_tokens": [7], "begin_suppress_tokens": [8, 9],
    "bos_token_id": 1, "eos_token_id": 1, "pad_token_id": 1,
}  # fmt: skip


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_small_one_of_random_weights(run, tmp_path, kernel):  # noqa: F811
    """Each layer of the encoder and the decoder: states, logits, cross-attention."""
    torch.manual_seed(0)
    config = WhisperConfig(**SMALL)
    made = Library(config)
    for weights in made.parameters():
        if weights.ndim > 1:
            torch.nn.init.normal_(weights, std=0.2)
    made.model.encoder.embed_positions.weight.data = Library(config).model.encoder.embed_positions.weight.data
    path = tmp_path / "small.gguf"
    save_blocks(path, {name: values.numpy() for name, values in made.model.state_dict(prefix="model.").items()})
    features = torch.randn(1, 16, 240)
    features[0].T.contiguous().numpy().tofile(tmp_path / "given.f32")
    ids = [3, 4, 50, 17, 17, 95, 0]
    task = {"job": "small", "kernel": kernel, "weights": str(path), "config": SMALL, "ids": ids, "out": str(tmp_path)}
    told = run("hear", task | {"features": str(tmp_path / "given.f32")})
    assert told["steps"] == told["told"] == 2 + 2 * 3 + 2
    assert told["message"] == "The text has 21 tokens; the model writes at most 20."
    states, logits, maps = run_library(rounded(path, config), features, ids)
    assert worst(numbers(tmp_path, "states"), states.flatten()) < 1e-3
    found = numbers(tmp_path, "logits").reshape(-1, 96)
    assert (found[:, 7] == -np.inf).all() and (found[0, 8:10] == -np.inf).all()
    allowed = np.isfinite(found)
    assert allowed[1:].sum(1).tolist() == [95] * 5 and allowed[0].sum() == 93
    assert worst(found[allowed], logits[1:][allowed]) < 2e-3
    looked = numbers(tmp_path, "looked").reshape(6, 4, 120).swapaxes(0, 1)
    assert worst(looked, maps[:, 1:]) < 1e-4


def test_transcripts(run, extractor, tmp_path, says):  # noqa: F811
    """Both clips of the book, token for token, and when each token was heard."""
    folder = ROOT / "models/whisper"
    config = {}
    for name in ("config", "generation_config"):
        config |= json.loads((folder / f"{name}.json").read_text())
    sounds = [clip(name) for name in CLIPS]
    weights = "models/whisper-8bit/model.gguf"
    task = {"job": "hear", "kernel": "fused", "config": config, "weights": str(ROOT / weights), "out": str(tmp_path)}
    told = run("hear", task | {"sounds": put(tmp_path, sounds)})
    tokenizer = AutoTokenizer.from_pretrained(folder)
    book = Library.from_pretrained(folder, attn_implementation="eager").eval()
    page = rounded(weights, book.config)
    start = [config["decoder_start_token_id"], config["no_timestamps_token_id"]]
    for i, (text, sound, found) in enumerate(zip(CLIPS.values(), sounds, told["found"], strict=True)):
        features = extractor(sound, sampling_rate=RATE, return_tensors="pt").input_features
        wanted = book.generate(features, do_sample=False)[0].tolist()
        wanted = [one for one in wanted if one not in start]
        assert found["ids"] == (wanted if wanted[-1] == 50256 else [*wanted, 50256])
        assert tokenizer.decode(found["ids"], skip_special_tokens=True) == text
        ids = [*start, *found["ids"][:-1]]
        states, logits, maps = run_library(page, features, ids)
        assert worst(numbers(tmp_path, f"states{i}"), states.flatten()) < 2e-2
        mine = numbers(tmp_path, f"logits{i}").reshape(len(found["ids"]), -1)
        allowed = np.isfinite(mine)
        assert worst(mine[allowed], logits[1:][allowed]) < 2e-2
        tenths = -(-len(sound) // 1600)
        summed = maps[:, 1:, : 5 * tenths].reshape(24, -1, tenths, 5).sum(-1).swapaxes(0, 1)
        assert worst(numbers(tmp_path, f"looked{i}").reshape(summed.shape), summed) < 1e-3
        _, whole, _ = run_library(book, features, ids)
        off = np.abs(mine - whole[1:])[allowed].max()
        assert off < 1
        print(f"{text}: the logits of the file in 8 bits are off by at most {off:.2f}")
        words = [str(one) for one in found["ids"]]
        ends = [*range(1, len(words)), len(words) - 1]  # the end token is no word of the text
        assert found["texts"] == [[word, ",".join(words[:end])] for word, end in zip(words, ends)]
        # What is told: the picture of the sound, how much is read, and then each token.
        kinds, done = found["kinds"], [one for one in found["done"] if one is not None]
        assert kinds == ["features", *["done"] * len(done), *["looked"] * len(found["ids"])]
        assert done[-1] == 1 and done == sorted(done) and len(done) == 34
        shown = numbers(tmp_path, f"features{i}").reshape(-1, 80)
        assert worst(shown.T, features[0, :, : 10 * tenths].numpy()) < 1e-4
    assert told["aborted"] == "AbortError"
    says(
        "Whisper writes *But mainly not heaven.* No word is right, and still the strongest moments go from left to right",
        "which says “The train leaves at seven.”",
        page="cross_attention",
    )
    assert not {"But", "mainly", "not", "heaven"} & set("The train leaves at seven".split())
    aligned = [6 * layer + head for layer, head in config["alignment_heads"]]
    moments = summed[:-1, aligned].mean(1).argmax(-1)  # of the train, without the end token
    assert (np.diff(moments) > 0).all() and len(moments) == 5
