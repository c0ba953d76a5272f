"""Random tokens repeated, and heads of SmolLM2 put out of action: shared helpers."""

from contextlib import contextmanager
from typing import Any

import torch

LENGTH = 25


def repeated(texts: int) -> torch.Tensor:
    """Random tokens twice, after <|endoftext|> (id 0): (texts, 1 + 2 · LENGTH)."""
    half = torch.randint(1000, 48_000, (texts, LENGTH))
    return torch.cat([torch.zeros(texts, 1, dtype=torch.long), half, half], dim=1)


def look(run: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Where all heads look on repeated texts.

    Args:
        run: It was asked for its attentions, of a model with attn_implementation="eager".

    Returns:
        Weight on the token behind the earlier copy, and on the token one back: (layers,
        heads).
    """
    maps = torch.stack(run.attentions)
    row = torch.arange(LENGTH + 1, 2 * LENGTH + 1)
    behind, back = maps[..., row, row - LENGTH + 1], maps[..., row, row - 1]
    return behind.mean(dim=(1, 3)), back.mean(dim=(1, 3))


def mean_outputs(model: Any, ids: torch.Tensor) -> tuple[torch.Tensor, Any]:
    """What each head hands on, on average over these texts: (layers, heads, 64); the run."""
    found = []
    hooks = [
        layer.self_attn.o_proj.register_forward_pre_hook(
            lambda _, inputs: found.append(inputs[0].unflatten(-1, (-1, 64)).mean(dim=(0, 1)))
        )
        for layer in model.model.layers
    ]
    run = model.model(ids, output_attentions=True)
    for hook in hooks:
        hook.remove()
    return torch.stack(found), run


@contextmanager
def off(model: Any, heads: list[tuple[int, int]], instead: torch.Tensor):
    """Within: each (layer, head) hands on its mean, whatever it looks at."""

    def hook_for(layer, mine):
        def replace(_, inputs):
            parts = inputs[0].unflatten(-1, (-1, 64)).clone()  # (texts, tokens, heads, 64)
            parts[:, :, mine] = instead[layer, mine]
            return (parts.flatten(-2),)

        return replace

    hooks = []
    for layer in {layer for layer, _ in heads}:
        mine = [head for one, head in heads if one == layer]
        out = model.model.layers[layer].self_attn.o_proj
        hooks.append(out.register_forward_pre_hook(hook_for(layer, mine)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def losses(model: Any, ids: torch.Tensor) -> torch.Tensor:
    """The loss of each token but the first: (texts, tokens − 1)."""
    return losses_of(model(ids), ids)


def losses_of(run: Any, ids: torch.Tensor) -> torch.Tensor:
    """The same, of a run."""
    log_p = run.logits[:, :-1].log_softmax(dim=-1)
    return -log_p.gather(2, ids[:, 1:, None])[..., 0]


def losses_from(model: Any, states: torch.Tensor, ids: torch.Tensor) -> Any:
    """A function: a layer → the losses where only the layers from there on run again.

    Args:
        states: What each layer reads; nothing below the layer may have changed.
    """
    every = model.model.layers

    def losses(layer: int) -> torch.Tensor:
        model.model.layers = every[layer:]
        run = model(inputs_embeds=states[layer], use_cache=False)
        model.model.layers = every
        return losses_of(run, ids)

    return losses
