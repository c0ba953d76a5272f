"""Between the layers in the page: the lens and the heads that are off give what the book's programs give."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from test_live import KERNELS, numbers, run, site, worst  # noqa: F401 - fixtures
from transformers import AutoModelForCausalLM, AutoTokenizer

from scripts.base import ROOT
from snippets.shared import heads

WIDGET = Path("docs/assets/live/widgets/heads_off.js")
TEXTS = [
    "Kelmar Tovik went to Brusna. Later, Kelmar",
    "The robot watered the sunflowers because",
    "blue fork river seven lamp cloud blue fork river seven",
]
LENS = "snippets/inside/lens.py"
SIMILARITY = Path("docs/assets/live/widgets/similarity.js")


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
    """First choices, probabilities and places; and when the final choice leads for good.

    Of thirty of the program's texts: what it says of all of them, PyTorch gave it.
    """
    texts = starts[::4] if kernel == "fused" else starts[:2]
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
    leads = best.indices == choice
    stays = 31 - leads.flip(0).int().cumprod(0).sum(0)  # layers done, as the program counts them
    sure = ~near.any(0)
    assert (np.array(told["from"]) == stays.numpy())[sure].all() and sure.mean() > 0.9
    assert len(starts) == values("inside/lens").texts


@pytest.fixture(scope="session")
@torch.no_grad()
def program(smollm2):
    """As snippets/inside/heads_off.py begins: both kinds of texts, the best heads, the means."""
    torch.manual_seed(0)
    chosen_on, tested_on = heads.repeated(4), heads.repeated(4)
    instead, read = heads.mean_outputs(smollm2, chosen_on)
    order = heads.look(read)[0].flatten().argsort().flip(0).tolist()
    return chosen_on, tested_on, [divmod(place, 9) for place in order], instead


def test_the_widget_has_the_heads_and_the_texts_of_the_program(program):
    """So its means are those of the chapter, and its presets the heads that the chapter found."""
    chosen_on, _, order, _ = program
    widget = WIDGET.read_text("utf-8")

    def constant(name):
        return json.loads(re.sub(r",(\s*\])", r"\1", re.search(rf"^const {name} = (\[.*?\]);", widget, re.M | re.S)[1]))

    assert constant("BEST") == [list(head) for head in order[:8]]
    assert [[0, *half, *half] for half in constant("CHOSEN_ON")] == chosen_on.tolist()
    assert constant("FIRST") == [[16, 0]]
    assert "const [LAYERS, HEADS, ALL, START] = [30, 9, 270, 0];" in widget


@pytest.mark.parametrize("kernel", KERNELS)
@torch.no_grad()
def test_heads_are_off_as_in_the_program(run, smollm2, program, values, tmp_path, kernel):  # noqa: F811
    """The means; logits and losses with none, the best eight, eight others, one, a layer, all off.

    Losses of all the program's texts for the two that its table has, and else of one.
    """
    chosen_on, tested_on, order, instead = program
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    texts = [[0, *tokenizer(text).input_ids] for text in TEXTS]
    sets = [[], order[:8], order[100:108], [(16, 0)], [(0, head) for head in range(9)], order]
    whole = kernel == "fused"
    if not whole:
        texts, sets, tested_on, chosen_on = texts[1:2], sets[:2], tested_on[:1, :8], chosen_on[:2, :6]
        instead, _ = heads.mean_outputs(smollm2, chosen_on)
    tested = [tested_on if at < 2 else tested_on[:1] for at in range(len(sets))]
    given = {"texts": texts, "sets": sets, "chosen": chosen_on.tolist(), "tested": [one.tolist() for one in tested]}
    told = run("models", task("headsOff", kernel=kernel, out=str(tmp_path), **given))
    off_means = worst(numbers(tmp_path, "instead"), instead.flatten().numpy())
    logits, chances, scores = [], [], []
    for some, lines in zip(sets, tested, strict=True):
        with heads.off(smollm2, some, instead):
            logits += [smollm2(torch.tensor([ids])).logits[0, -1] for ids in texts]
            scores.append(-heads.losses(smollm2, lines))
    found = torch.tensor(numbers(tmp_path, "logits")).view(len(logits), -1)
    expected = torch.stack(logits)
    off_logits = (found - expected).abs().max().item()
    chances = (found.softmax(-1) - expected.softmax(-1)).abs().max().item()
    scored = numbers(tmp_path, "scores").reshape(-1, tested_on.shape[1] - 1)
    off_scores = worst(scored, torch.cat(scores).numpy())
    print(f"{kernel}: means {off_means:.1e}, logits {off_logits:.1e}, chances {chances:.1e}, log {off_scores:.1e}")
    assert off_means < 1e-3 and off_logits < 2e-3 and chances < 1e-3 and off_scores < 2e-3
    assert (expected[1] - expected[0]).abs().max() > 1, "heads off change what is said"
    assert told["off"] == 0, "afterwards all heads are on"
    if whole:
        two = scored[: 2 * len(tested_on)].reshape(2, len(tested_on), -1)
        second = -two[:, :, heads.LENGTH + 1 :].mean((1, 2))  # of the chapter's own table
        page = values("inside/heads_off")
        assert second[0] == pytest.approx(page.whole, abs=1e-3)
        assert second[1] == pytest.approx(page.without, abs=1e-3)


# ------------------------------------------------------------------------------ MiniLM


@pytest.fixture(scope="session")
def similar():
    """As snippets/inside/similar.py begins: its encoder, the texts of its means, those that it compares."""
    program = Path("snippets/inside/similar.py").read_text("utf-8")
    space = {}
    exec(program.split("draw, heads =")[0], space)
    sentences = Path("snippets/from_scratch/sentences.txt").read_text("utf-8").splitlines()
    return space["encoder"], sentences[1:13], space["first"] + space["second"]


def test_the_widget_of_similarity_has_the_sentences_of_the_program(similar):
    _, measured_on, texts = similar
    widget = SIMILARITY.read_text("utf-8")

    def constant(name):
        lines = re.search(rf"^const {name} = \[\n(.*?)\];", widget, re.M | re.S)[1]
        return json.loads("[" + lines.strip().rstrip(",") + "]")

    assert constant("MEASURED_ON") == measured_on
    assert constant("START") == [texts[0], *texts[16:19]], "one, its partner, and the next two"
    assert "const [LAYERS, HEADS, ALL] = [6, 12, 72];" in widget


@pytest.mark.parametrize("kernel", KERNELS)
def test_minilms_heads_are_off_as_in_the_program(run, similar, values, tmp_path, kernel):  # noqa: F811
    """Means, vectors and cosines with none, one head, one layer, twelve by lot, half of all, all off."""
    encoder, measured_on, texts = similar
    every = [divmod(place, 12) for place in range(72)]
    sets = [[], [(3, 7)], every[60:], every[5::6], every[::2], every]
    if kernel != "fused":
        texts, sets = [texts[0], texts[16], texts[17]], sets[2:4]
    ids = [[encoder.tokenizer(text).input_ids for text in some] for some in (measured_on, texts)]
    task = {
        "job": "vectorsOff", "weights": str(ROOT / "models/minilm-half/model.safetensors"), "kernel": kernel,
        "config": json.loads(Path("models/minilm/config.json").read_text()), "out": str(tmp_path),
        "chosen": ids[0], "texts": ids[1], "sets": sets,
    }  # fmt: skip
    told = run("models", task)
    off_means = worst(numbers(tmp_path, "instead"), encoder.means.flatten().numpy())
    found = torch.tensor(numbers(tmp_path, "vectors")).view(len(sets), len(texts), -1)
    expected = torch.stack([encoder.embed(texts, off) for off in sets])
    cosines, right = (one @ one.mT for one in (found, expected))
    off = (cosines - right).abs().max().item()
    print(f"{kernel}: means {off_means:.1e}, cosines {off:.1e}")
    assert off_means < 2e-3 and off < 1e-3
    assert told["off"] == 0, "afterwards all heads are on"
    if kernel == "fused":
        changed = [(one - right[0]).abs().max() for one in right[1:]]
        assert min(changed) > 5e-3 and changed[-1] > 0.3, "each set is seen, one head too"
        half = cosines[:, :16, 16:]  # the chapter's own table
        page = values("inside/similar")
        others = (half.sum((1, 2)) - half.diagonal(dim1=1, dim2=2).sum(1)) / 240
        assert others[0] == pytest.approx(page.unlike_all_on, abs=1e-3)
        assert others[2] == pytest.approx(page.unlike_last, abs=1e-3)
        assert others[-1] == pytest.approx(page.unlike_all_off, abs=1e-3)
