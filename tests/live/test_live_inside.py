"""Between the layers in the page: what each layer would say is what the book's programs give."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from test_live import KERNELS, run, site  # noqa: F401 - fixtures
from transformers import AutoModelForCausalLM, AutoTokenizer

from scripts.base import ROOT

LENS = "snippets/inside/lens.py"


@pytest.fixture(scope="session")
def smollm2():
    with torch.no_grad():
        yield AutoModelForCausalLM.from_pretrained("models/smollm2", attn_implementation="eager").eval()


@pytest.fixture(scope="session")
def starts(book):
    """The texts of the chapter's program, by its own lines: (texts, 12)."""
    program = Path(LENS).read_text("utf-8")
    lines = [line for line in program.splitlines() if line.startswith(("rows =", "starts ="))]
    assert len(lines) == 3 and "tested, learned_on = torch.tensor(starts[:120])" in program
    made = {"tokenizer": AutoTokenizer.from_pretrained("models/smollm2")}
    exec("\n".join(lines), made)
    return made["starts"][:120]


def task(job, **more):
    return {
        "job": job,
        "weights": str(ROOT / "models/smollm2-gguf/model.gguf"),
        "config": json.loads(Path("models/smollm2/config.json").read_text()),
        "kernel": "fused",
    } | more


@torch.no_grad()
def lens(smollm2, texts):
    """As the program does it: logits after the embedding and each layer, (31, texts, ids)."""
    found = smollm2.model(torch.tensor(texts), output_hidden_states=True).hidden_states
    normed = [*map(smollm2.model.norm, found[:-1]), found[-1]]
    return smollm2.lm_head(torch.stack(normed)[:, :, -1])


@pytest.mark.parametrize("kernel", KERNELS)
def test_each_layer_says_what_it_says_in_the_program(run, smollm2, starts, values, kernel):  # noqa: F811
    """First choices, probabilities and places of 120 texts; and when the final choice leads."""
    texts = starts if kernel == "fused" else starts[:2]
    told = run("models", task("lens", texts=texts, kernel=kernel))
    logits = torch.cat([lens(smollm2, texts[at : at + 20]) for at in range(0, len(texts), 20)], 1)
    chances = logits.softmax(-1)
    best, choice = chances.max(-1), logits[-1].argmax(-1)
    ids, chance, final, place = (
        np.array([[row[name] for row in said] for said in told["said"]]).T
        for name in ("id", "chance", "final", "place")
    )
    # Two tokens may be nearly equal: there, and there alone, either may be the first choice.
    two = logits.topk(2).values
    near = (two[..., 0] - two[..., 1] < 2e-3).numpy()
    assert (ids == best.indices.numpy())[~near].all() and near.mean() < 0.01
    off = np.abs(chance - best.values.numpy()).max()
    rows = torch.arange(len(texts))
    off_final = np.abs(final - chances[:, rows, choice].numpy()).max()
    assert off < 1e-3 and off_final < 1e-3
    right = 1 + (logits > logits[:, rows, choice][..., None]).sum(-1)
    assert np.quantile(np.abs(place - right.numpy()) / right.numpy(), 0.999) < 0.01
    assert told["off"] == 0, "whoever looked inside has changed nothing"
    print(f"{len(texts)} texts, {kernel}: {near.sum()} near ties of {near.size}, {off:.1e}, {off_final:.1e}")
    if kernel == "fused":
        page, leads = values("inside/lens"), np.array(told["from"])
        assert len(texts) == page.texts
        assert torch.tensor(leads).median() == page.stays_median  # the lower one of the middle two
        assert (leads >= 28).mean() == pytest.approx(page.late, abs=0.009)
        assert (leads == 30).mean() == pytest.approx(page.only_last, abs=0.009)
        assert (ids[20] == ids[30]).mean() == pytest.approx(page.plain_20, abs=0.009)
