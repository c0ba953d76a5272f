"""The last layers of SmolLM2, which learn, on top of states that are computed once."""

import copy

import torch
from torch import nn


def states_below(model, batch, last: int = 2) -> torch.Tensor:
    """What the last layers read, (texts, tokens, 576); the layers below stay as they are."""
    with torch.no_grad():
        run = model.model(**batch, output_hidden_states=True, use_cache=False)
    return run.hidden_states[-1 - last]


class LastLayers(nn.Module):
    """A copy of the last layers. Texts are padded on the right: no token sees padding."""

    def __init__(self, model, last: int = 2):
        super().__init__()
        self.layers = copy.deepcopy(model.model.layers[-last:])
        self.layers.requires_grad_(True)
        self.turn, self.norm = model.model.rotary_emb, model.model.norm
        self.head = model.lm_head.requires_grad_(False)  # logits: only where they are asked

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """States (texts, tokens, 576) → what the head reads, (texts, tokens, 576)."""
        turns = self.turn(states, torch.arange(states.shape[1])[None])
        for layer in self.layers:
            states = layer(states, position_embeddings=turns)
        return self.norm(states)
