"""A layer of experts, written out: each is a feed-forward network with a gate."""

import torch
from torch.nn.functional import silu


def mixture(x, router, up, down, top: int, normalized: bool) -> torch.Tensor:
    """Each token through `top` of the experts: (tokens, width) → (tokens, width).

    The router is (experts, width), `up` (experts, 2 · inner, width) with the gates
    first, `down` (experts, width, inner), as the library keeps them.
    """
    probabilities = (x @ router.T).softmax(-1)  # (tokens, experts)
    weights, chosen = probabilities.topk(top)  # (tokens, top), both
    if normalized:
        weights = weights / weights.sum(-1, keepdim=True)
    result = torch.zeros_like(x)  # (tokens, width)
    for expert in range(len(router)):
        token, place = (chosen == expert).nonzero(as_tuple=True)  # who chose it
        gate, value = (x[token] @ up[expert].T).chunk(2, dim=-1)  # (its tokens, inner)
        made = (silu(gate) * value) @ down[expert].T  # (its tokens, width)
        result[token] += weights[token, place, None] * made
    return result


def off(mine: torch.Tensor, theirs: torch.Tensor) -> float:
    """The largest difference, as a share of the largest number."""
    return ((mine - theirs).abs().max() / theirs.abs().max()).item()
