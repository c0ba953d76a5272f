"""The training in the page: its losses, gradients and steps are PyTorch's, and it learns."""

import random
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from test_live import numbers, run, site, worst  # noqa: F401 - fixtures
from torch import nn

from snippets.from_scratch import train

SIZES = {"whole": (64, 128, 64), "small": (32, 64, 32)}  # width, inner width, dates a step
RATES = {"whole": 2e-3, "small": 1e-2}


def config(size="whole", heads=4):
    width, inner, _ = SIZES[size]
    sides = {f"{side}_{what}": n for side in ("encoder", "decoder") for what, n in (("attention_heads", heads), ("ffn_dim", inner))}
    return train.CONFIG | sides | {"d_model": width}


def begun(size="whole", heads=4, seed=0):
    """A model of PyTorch as the program begins."""
    torch.manual_seed(seed)
    model = train.EncoderDecoder(config(size, heads), train.Text, train.Text)
    for weight in model.parameters():
        if weight.dim() > 1:
            nn.init.xavier_uniform_(weight)
    return model


def batches(count, size="whole"):
    dice = random.Random(0)
    drawn = [[train.task(dice) for _ in range(SIZES[size][2])] for _ in range(count)]
    return [[train.batch_of(texts) for texts in zip(*batch)] for batch in drawn]


def flat(tensors):
    return np.concatenate([tensor.detach().numpy().ravel() for tensor in tensors]).astype("<f4")


@pytest.mark.parametrize("kernel, size, heads", [("fused", "whole", 4), ("simd", "small", 2), (None, "small", 4)])
def test_gradients_and_steps_are_those_of_pytorch(run, tmp_path, says, kernel, size, heads):  # noqa: F811
    """The same weights, the same dates: each logit, the loss, each gradient, and where Adam goes."""
    says(
        "The box trains the same model in your browser.",
        "From the same weights and dates, the loss, every gradient and the first steps are PyTorch's but for rounding.",
        page="from_scratch",
    )
    model, given = begun(size, heads), batches(6, size)
    names, learned = zip(*model.named_parameters())
    flat(learned).tofile(tmp_path / "given.f32")
    ids = [[part.tolist() for part in batch] for batch in given]
    told = run("training", {"job": "steps", "kernel": kernel, "out": str(tmp_path), "names": names, "batches": ids,
                            "settings": {"size": size, "heads": heads, "steps": 600}, "dates": [train.EXAMPLE]})  # fmt: skip
    optimizer = torch.optim.Adam(learned, betas=(0.9, 0.98))
    losses, off = [], {}
    for step, (source, target) in enumerate(given):
        logits = train.logits_for(model, source, train.shifted(target))
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            off["logits"] = worst(numbers(tmp_path, "logits"), flat([logits]))
            off["map"] = worst(numbers(tmp_path, "map"), flat([model.decoder.layers[0].encoder_attn.map]))
            off["gradients"] = worst(numbers(tmp_path, "gradients"), flat([weight.grad for weight in learned]))
            assert all(weight.grad.abs().max() > 1e-3 for name, weight in model.named_parameters() if "k_proj.bias" not in name)
        nn.utils.clip_grad_norm_(learned, 1.0)
        for group in optimizer.param_groups:
            group["lr"] = RATES[size] * min((step + 1) / 100, (1.02 - step / 600))
        optimizer.step()
        losses.append(loss.item())
    off["losses"] = np.abs(np.subtract(losses, told["losses"])).max()
    # A key's bias adds the same to all scores of a query: its gradient is nothing but rounding.
    told_apart = flat([torch.full_like(weight, "k_proj.bias" not in name) for name, weight in zip(names, learned)]) > 0
    off["weights"] = worst(numbers(tmp_path, "learned")[told_apart], flat(learned)[told_apart])
    print(f"{size}, {kernel}: " + ", ".join(f"{name} {most:.1e}" for name, most in off.items()))
    assert off["gradients"] < 1e-5 and max(off.values()) < 1e-4
    assert ["".join(one) for one in told["written"]] == train.write(model, [train.EXAMPLE])
    assert 0.9 < told["used"] <= 1 and told["bytes"] < 50e6


HALF = 150  # steps
RIGHT = {"1974-03-28", "2031-09-05", "1908-05-17"}


TRAININGS = {
    "as it is": {},
    "seed 2": {"seed": 2},
    "seed 3": {"seed": 3},
    "no mask": {"masked": False, "seed": 2},
    "a tenth of the rate": {"rate": 0.1, "seed": 2},
    "ten times the rate": {"rate": 10, "seed": 3},
    "no scale": {"scaled": False},
    "one head": {"heads": 1, "seed": 3},
}


@pytest.fixture(scope="module")
def trained(run):  # noqa: F811
    """The small model after half its steps: the mean of its last ten losses, and what it writes."""
    settings = [{"size": "small"} | one for one in TRAININGS.values()]
    told = run("training", {"job": "train", "kernel": "fused", "steps": HALF, "trainings": settings})
    assert all(len(one["losses"]) == HALF == one["whole"] / 2 and one["losses"][0] > 3 for one in told)
    return {
        name: (np.mean(one["losses"][-10:]), {"".join(letters) for letters in one["written"]})
        for name, one in zip(TRAININGS, told)
    }


def test_without_the_mask_the_loss_is_low_and_nothing_is_right(trained, says):
    says(
        "This is what the switches did with the small model, in each of three trainings (seeds 1 to 3), after half of their steps:",
        "The loss is below 0.01, and none of the three dates is right: the decoder has read the letter that it "
        "must write, as [without the shift](#forgotten-the-shift). When it writes, that letter is not there.",
        page="from_scratch",
    )
    says("Then take the causal mask away, train again, and see how little a low loss can mean.", page="playground")
    loss, written = trained["no mask"]
    assert loss < 0.01 and not written & RIGHT
    loss, written = trained["as it is"]
    assert loss > 0.01 and written & RIGHT


def test_the_end_of_the_year_is_right_last(trained, says):
    says(
        "After half of the steps of these three trainings, with the switches as they are, every century, month and day of the"
        " three dates is right, and in each training a year is still wrong.",
        "In some of the wrong ones these two digits stand in each other's place: 1947 for 1974.",
        page="from_scratch",
    )
    turned, seen = [], set()
    for name in ("as it is", "seed 2", "seed 3"):
        written = trained[name][1]
        assert len(written) == 3 and not RIGHT <= written
        for date in RIGHT:
            [text] = [one for one in written if one[4:] == date[4:]]
            assert text[:2] == date[:2]
            turned += [text[2:4] == date[3:1:-1]] * (text != date)
        seen |= written
    assert any(turned) and "1947-03-28" in seen


def test_the_learning_rate_may_be_too_small_and_too_large(trained, says):
    says(
        "With a tenth of the rate, or ten times the rate, the loss is still above 0.5. As it is, the loss is below 0.5.",
        page="from_scratch",
    )
    assert min(trained["a tenth of the rate"][0], trained["ten times the rate"][0]) > 0.5 > trained["as it is"][0]


def test_without_the_scale_and_with_one_head_it_learns(trained, says):
    says(
        "It learns too, but the loss is higher than with the scale.",
        "With one head it learns as with four: the loss is below 0.5.",
        page="from_scratch",
    )
    assert trained["as it is"][0] < trained["no scale"][0] < 1
    assert max(trained["one head"][0], trained["as it is"][0]) < 0.5


def test_the_dates_are_those_of_the_program(run, says):  # noqa: F811
    """All its letters, its months and its days; the three that are looked at are never drawn."""
    says("The three dates in the box are never drawn.", page="from_scratch")
    told = run("training", {"job": "dates", "kernel": None, "seed": 3, "count": 40_000})
    assert told["letters"] == list(train.IDS)
    drawn = dict(told["drawn"])
    held = dict(told["heldOut"])
    assert set(held.values()) == RIGHT and not set(held) & set(drawn) and train.EXAMPLE in held
    for source, target in [*list(drawn.items())[:5000], *held.items()]:
        day, month, year = source.split()
        assert target == f"{year}-{train.MONTHS.index(month) + 1:02}-{int(day):02}"
    years, days = {int(target[:4]) for target in drawn.values()}, {int(target[8:]) for target in drawn.values()}
    assert years == set(range(1900, 2100)) and days == set(range(1, 29)) and max(map(len, drawn)) == 17
    assert len({source.split()[1] for source in drawn}) == 12


def test_the_page_tells_the_sizes_and_the_steps(says, values):
    says(
        "It takes 300 steps, half as many as the program.",
        "A phone is given a model with about a quarter of the weights, which takes larger steps.",
        page="from_scratch",
    )
    settings = Path("docs/assets/live/training/settings.js").read_text("utf-8")
    told = {name: float(n) for name, n in re.findall(r"(\w+): \{[^}]*rate: ([\d.]+)", settings)}
    assert "steps: 300 }" in settings and values("from_scratch/train").steps == 600
    count = {size: sum(weight.numel() for weight in begun(size).parameters()) for size in SIZES}
    assert 0.2 < count["small"] / count["whole"] < 0.3 and told["small"] > told["whole"] == 2e-3
    for size, sizes in SIZES.items():
        assert "{}: {{ width: {}, inner: {}, batch: {},".format(size, *sizes) in settings


def test_each_layer_has_its_way_back_beside_it(says):
    says("Each of its layers has a `forward` and, beside it, a `backward`, which hands the gradient on to the layer before", page="from_scratch")
    files = {path.name: path.read_text("utf-8") for path in Path("docs/assets/live/training").glob("*.js")}
    for name in ("attention.js", "layers.js", "encoder_decoder.js"):
        parts = re.split(r"^(?:export )?class ", files[name], flags=re.M)[1:]
        assert parts and all("\n  forward(" in part and "\n  backward(" in part for part in parts), name
