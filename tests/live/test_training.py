"""The training in the page: its losses, gradients and steps are PyTorch's, and it learns."""

import random

import numpy as np
import pytest
import torch
from test_live import numbers, run, site, worst  # noqa: F401 - fixtures
from torch import nn

from snippets.from_scratch import train

SIZES = {"whole": (64, 128, 64), "small": (32, 64, 32)}  # width, inner width, dates a step


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
def test_gradients_and_steps_are_those_of_pytorch(run, tmp_path, kernel, size, heads):  # noqa: F811
    """The same weights, the same dates: each logit, the loss, each gradient, and where Adam goes."""
    model, given = begun(size, heads), batches(6, size)
    names, learned = zip(*model.named_parameters())
    flat(learned).tofile(tmp_path / "given.f32")
    ids = [[part.tolist() for part in batch] for batch in given]
    told = run("training", {"job": "steps", "kernel": kernel, "out": str(tmp_path), "names": names, "batches": ids,
                            "settings": {"size": size, "heads": heads, "steps": 600}, "dates": [train.EXAMPLE]})  # fmt: skip
    optimizer = torch.optim.Adam(learned, lr=2e-3, betas=(0.9, 0.98))
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
            group["lr"] = 2e-3 * min((step + 1) / 100, (1.02 - step / 600))
        optimizer.step()
        losses.append(loss.item())
    off["losses"] = np.abs(np.subtract(losses, told["losses"])).max()
    off["weights"] = worst(numbers(tmp_path, "learned"), flat(learned))
    print(f"{size}, {kernel}: " + ", ".join(f"{name} {most:.1e}" for name, most in off.items()))
    assert off["gradients"] < 1e-5 and max(off.values()) < 5e-5
    assert ["".join(one) for one in told["written"]] == train.write(model, [train.EXAMPLE])
    assert 0.9 < told["used"] <= 1 and told["bytes"] < 50e6
