"""The Firefox translator: the encoder–decoder from scratch, with five changes."""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from snippets.from_scratch.encoder_decoder import EVERYTHING, EncoderDecoder, Text


class Recurrent(nn.Module):
    """An SSRU in the place of masked self-attention: one vector remembers the past."""

    def __init__(self, width: int):
        super().__init__()
        self.forget = nn.Linear(width, width)
        self.candidate = nn.Linear(width, width, bias=False)

    def forward(self, x, source, seen):
        forget, state, states = torch.sigmoid(self.forget(x)), 0.0, []
        news = (1 - forget) * self.candidate(x)  # (batch, tokens, width)
        for token in range(x.shape[1]):
            state = forget[:, token] * state + news[:, token]  # (batch, width)
            states.append(state)
        return torch.relu(torch.stack(states, dim=1))  # (batch, tokens, width)


class ScaledText(Text):
    """Section 3.4: embeddings times √width, and then the sinusoids of section 3.5."""

    def embed(self, ids):
        x = self.embed_tokens(ids) * math.sqrt(self.embed_tokens.embedding_dim)
        return x + self.embed_positions.weight[: ids.shape[1]]


class Translator(EncoderDecoder):
    """Post-norm, as in the paper; a recurrent unit; one table for both sides; a bias."""

    def __init__(self, config: dict):
        super().__init__(config, ScaledText, ScaledText)
        self.encoder.embed_tokens = self.decoder.embed_tokens
        for block in self.decoder.layers:
            block.self_attn = Recurrent(config["d_model"])
        self.final_logits_bias = nn.Parameter(torch.zeros(1, config["vocab_size"]))

    def decode(self, ids, memory, source_seen=EVERYTHING):
        return super().decode(ids, memory, source_seen) + self.final_logits_bias


def load_translator(folder: str) -> Translator:
    """The translator that lies in `folder`, with the weights of its file."""
    config = json.loads(Path(folder, "config.json").read_text())
    config |= {"pre_norm": False, "key_bias": True}
    config["max_target_positions"] = config["max_position_embeddings"]
    model, file = Translator(config), load_file(f"{folder}/model.safetensors")
    ours = {name.removeprefix("model."): file[name] for name in file}
    for side in ("encoder", "decoder"):
        ours[f"{side}.embed_tokens.weight"] = file["model.shared.weight"]
    del ours["shared.weight"]
    model.load_state_dict(ours)
    return model.eval()
