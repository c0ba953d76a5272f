"""The last layers of SmolLM2, which learn, on top of states that are computed once."""

import copy

import torch
from torch import nn


def states_below(model, batch, last: int = 2) -> torch.Tensor:
    """What the last layers read, (texts, tokens, 576); the layers below stay as they are."""
    layers, norm = model.model.layers, model.model.norm
    model.model.layers, model.model.norm = layers[:-last], nn.Identity()  # for this once
    with torch.no_grad():
        states = model.model(**batch, use_cache=False).last_hidden_state
    model.model.layers, model.model.norm = layers, norm
    return states


class LastLayers(nn.Module):
    """A copy of the last layers. Texts are padded on the right: no token sees padding."""

    def __init__(self, model, last: int = 2):
        super().__init__()
        self.layers = copy.deepcopy(model.model.layers[-last:])
        self.layers.requires_grad_(True)
        self.turn, self.norm = model.model.rotary_emb, model.model.norm
        self.head = model.lm_head.requires_grad_(False)  # logits: only where they are asked

    def forward(self, states: torch.Tensor, places=...) -> torch.Tensor:
        """States (texts, tokens, 576) → what the head reads, of all places or of these.

        Behind the last attention no place reads another: the rest is for these alone.
        """
        turns = self.turn(states, torch.arange(states.shape[1])[None])
        *below, last = self.layers
        for layer in below:
            states = layer(states, position_embeddings=turns)
        read, _ = last.self_attn(last.input_layernorm(states), turns)
        states = (states + read)[places]  # for a mask (texts, tokens): (places, 576)
        return self.norm(states + last.mlp(last.post_attention_layernorm(states)))
