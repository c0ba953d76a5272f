"""The translator in the page: it writes what the book's own writes, and looks where it looks."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from test_live import KERNELS, numbers, run, site, worst  # noqa: F401 - fixtures
from transformers import AutoTokenizer

from scripts.base import ROOT
from scripts.models.make import ensure
from scripts.models.marian import read_marian
from snippets.shared.translator import Translator

DIRECTIONS = ("en-pt", "pt-en")


@pytest.fixture(scope="session", autouse=True)
def files():
    ensure([*DIRECTIONS, "en-pt-marian", "pt-en-marian"])


def looked(model, source, written):
    """Cross-attention of all layers and heads: (layers, heads, pieces, source)."""
    with torch.no_grad():
        out = model(source, decoder_input_ids=written[:, :-1], output_attentions=True)
    return torch.cat(out.cross_attentions).numpy()


@pytest.fixture(scope="session")
def golden():
    """Twenty sentences there and back, greedily: ids of source and translation, and the maps."""
    texts = Path("snippets/from_scratch/sentences.txt").read_text("utf-8").splitlines()[:20]
    cases = {}
    for direction in DIRECTIONS:
        tokenizer = AutoTokenizer.from_pretrained(f"models/{direction}")
        model = Translator.from_pretrained(f"models/{direction}", attn_implementation="eager")
        cases[direction] = []
        for text in texts:
            source = tokenizer(text, return_tensors="pt").input_ids
            written = model.generate(source, max_new_tokens=99, do_sample=False)
            cases[direction].append(
                {
                    "text": text,
                    "source": source[0].tolist(),
                    "written": written[0, 1:].tolist(),
                    "maps": looked(model, source, written),
                }
            )
        texts = [tokenizer.decode(one["written"], skip_special_tokens=True) for one in cases[direction]]
    return cases


def task(direction, texts, **more):
    return {
        "job": "translator",
        "weights": str(ROOT / f"models/{direction}-marian/model.bin"),
        "config": json.loads(Path(f"models/{direction}/config.json").read_text()),
        "texts": texts,
    } | more


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_translations(run, golden, tmp_path, direction, kernel):  # noqa: F811
    """All twenty, piece for piece; every weight of every head."""
    cases = golden[direction]
    texts = [{"method": "greedy", "source": case["source"]} for case in cases]
    told = run("models", task(direction, texts, kernel=kernel, out=str(tmp_path)))
    assert told["written"] == [case["written"] for case in cases]
    expected = np.concatenate([case["maps"].flatten() for case in cases])
    difference = worst(numbers(tmp_path, "maps"), expected)
    assert difference < 1e-3
    print(f"{direction}, {kernel}: {len(cases)} the same, cross-attention within {difference:.1e}")
    long, hidden = told["errors"]
    assert long == "The text has 513 pieces; the model takes at most 512."
    assert hidden == "All of the source is hidden: leave one piece to look at."


def test_the_file_is_read_as_in_python(run):  # noqa: F811
    """Each tensor: its name, its shape, and what its numbers add up to."""
    for direction in DIRECTIONS:
        path = ROOT / f"models/{direction}-marian/model.bin"
        told = run("marian", {"weights": str(path)})
        for name, values in read_marian(path).items():
            shape = values.shape[1:] if values.ndim == 2 and values.shape[0] == 1 else values.shape
            assert told[name]["shape"] == list(shape), name
            assert told[name]["sum"] == pytest.approx(float(np.abs(values.astype("f8")).sum()), rel=1e-5), name


@pytest.mark.parametrize("beams", [2, 4, 6])
def test_beams(run, golden, beams):  # noqa: F811
    """Beam search writes what the library's writes."""
    cases = golden["en-pt"][:8]
    model = Translator.from_pretrained("models/en-pt")
    texts = [{"method": "beam", "beams": beams, "source": case["source"]} for case in cases]
    told = run("models", task("en-pt", texts, kernel="fused"))
    for case, found in zip(cases, told["written"], strict=True):
        wanted = model.generate(torch.tensor([case["source"]]), num_beams=beams, max_new_tokens=99)
        assert found == wanted[0, 1:].tolist(), case["text"]


def test_a_hidden_piece_is_hidden_as_by_the_mask(run, golden, tmp_path):  # noqa: F811
    """As snippets/cross_attention/hide.py hides it: the encoder has read it, the decoder may not look."""
    case = golden["en-pt"][0]
    model = Translator.from_pretrained("models/en-pt")
    source = torch.tensor([case["source"]])
    texts = [{"method": "greedy", "source": case["source"], "hidden": [place]} for place in range(source.shape[1])]
    told = run("models", task("en-pt", texts, kernel="fused", out=str(tmp_path)))
    for place, found in enumerate(told["written"]):
        memory = model.model.encoder(source)
        mask = torch.ones_like(source)
        mask[0, place] = 0
        wanted = model.generate(encoder_outputs=memory, attention_mask=mask, max_new_tokens=99, num_beams=1)
        assert found == wanted[0, 1:].tolist(), place
    weights, at = numbers(tmp_path, "maps"), 0
    for place, found in enumerate(told["written"]):
        maps = weights[at : at + len(found) * 16 * source.shape[1]].reshape(-1, source.shape[1])
        at += maps.size
        assert (maps[:, place] == 0).all() and maps.sum(1) == pytest.approx(1, abs=1e-4)
    assert at == weights.size
