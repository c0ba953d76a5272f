"""An encoder–decoder in plain PyTorch: Whisper, with its real pretrained weights."""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

EVERYTHING = torch.ones(1, 1, dtype=torch.bool)  # a mask that hides nothing


class Attention(nn.Module):
    """Section 3.2.2. `x` asks; `source` answers: x too, or what the encoder made."""

    def __init__(self, config, side):
        super().__init__()
        width, self.heads = config["d_model"], config[f"{side}_attention_heads"]
        self.q_proj = nn.Linear(width, width)  # W^Q
        self.k_proj = nn.Linear(width, width, bias=config["key_bias"])  # W^K
        self.v_proj = nn.Linear(width, width)  # W^V
        self.out_proj = nn.Linear(width, width)  # W^O

    def forward(self, x, source, seen):
        source = x if source is None else source  # self-attention, or cross-attention
        split = (self.heads, x.shape[-1] // self.heads)
        query = self.q_proj(x).unflatten(-1, split).transpose(1, 2)
        key = self.k_proj(source).unflatten(-1, split).transpose(1, 2)
        value = self.v_proj(source).unflatten(-1, split).transpose(1, 2)
        # Equation (1). All three are (batch, heads, queries or keys, head width).
        scores = query @ key.transpose(-2, -1) / math.sqrt(split[1])
        scores = scores.masked_fill(~seen, -math.inf)  # section 3.2.3
        self.map = scores.softmax(dim=-1)  # (batch, heads, queries, keys), kept for us
        return self.out_proj((self.map @ value).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Section 3.1: two sublayers in the encoder, three in the decoder."""

    def __init__(self, config, side):
        super().__init__()
        width, inner = config["d_model"], config[f"{side}_ffn_dim"]
        self.pre_norm = config["pre_norm"]
        self.activation = getattr(nn.functional, config["activation_function"])
        self.self_attn = Attention(config, side)
        self.self_attn_layer_norm = nn.LayerNorm(width)
        if side == "decoder":
            self.encoder_attn = Attention(config, side)
            self.encoder_attn_layer_norm = nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)
        self.final_layer_norm = nn.LayerNorm(width)

    def residual(self, x, norm, sublayer, *more):
        if self.pre_norm:
            return x + sublayer(norm(x), *more)  # Whisper: pre-norm
        return norm(x + sublayer(x, *more))  # the paper, section 3.1: post-norm

    def feed_forward(self, x):
        return self.fc2(self.activation(self.fc1(x)))  # equation (2)

    def forward(self, x, seen, memory=None, memory_seen=None):
        x = self.residual(x, self.self_attn_layer_norm, self.self_attn, None, seen)
        if memory is not None:  # in the decoder only
            sublayer = self.encoder_attn_layer_norm, self.encoder_attn
            x = self.residual(x, *sublayer, memory, memory_seen)
        return self.residual(x, self.final_layer_norm, self.feed_forward)


class Stack(nn.Module):
    """Blocks over vectors; what makes the vectors, `embed`, differs."""

    def __init__(self, config, side):
        super().__init__()
        width, blocks = config["d_model"], range(config[f"{side}_layers"])
        self.layers = nn.ModuleList(Block(config, side) for _ in blocks)
        self.layer_norm = nn.LayerNorm(width) if config["pre_norm"] else nn.Identity()

    def forward(self, inputs, *seen_and_memory):
        x = self.embed(inputs)  # (batch, tokens, width)
        for layer in self.layers:
            x = layer(x, *seen_and_memory)
        return self.layer_norm(x)


class Audio(Stack):
    """Sound becomes vectors by two convolutions, where text has a table."""

    def __init__(self, config, side):
        super().__init__(config, side)
        width = config["d_model"]
        self.conv1 = nn.Conv1d(config["num_mel_bins"], width, kernel_size=3, padding=1)
        self.conv2 = nn.Conv1d(width, width, kernel_size=3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(config["max_source_positions"], width)

    def embed(self, features):  # (batch, mels, frames): loudness by pitch and time
        x = nn.functional.gelu(self.conv1(features))  # (batch, width, frames)
        x = nn.functional.gelu(self.conv2(x))  # (batch, width, frames / 2)
        return x.transpose(1, 2) + self.embed_positions.weight  # sinusoids, section 3.5


class Text(Stack):
    """Tokens and positions become vectors (sections 3.4 and 3.5)."""

    def __init__(self, config, side):
        super().__init__(config, side)
        width = config["d_model"]
        self.embed_tokens = nn.Embedding(config["vocab_size"], width)
        self.embed_positions = nn.Embedding(config["max_target_positions"], width)

    def embed(self, ids):
        return self.embed_tokens(ids) + self.embed_positions.weight[: ids.shape[1]]


class EncoderDecoder(nn.Module):
    """Figure 1 of the paper: the encoder reads, the decoder writes."""

    def __init__(self, config, encoder=Audio, decoder=Text):
        super().__init__()
        self.encoder = encoder(config, "encoder")
        self.decoder = decoder(config, "decoder")

    def decode(self, ids, memory, source_seen=EVERYTHING):
        causal = torch.ones(ids.shape[1], ids.shape[1]).tril().bool()  # section 3.2.3
        x = self.decoder(ids, causal, memory, source_seen)  # (batch, tokens, width)
        return x @ self.decoder.embed_tokens.weight.T  # section 3.4: the same table


@torch.no_grad()
def generate(model, source, start, end, never=[], not_first=[], limit=100):
    """Greedy decoding to the id `end`. `never` is forbidden, `not_first` at first."""
    memory, ids = model.encoder(source, EVERYTHING), torch.tensor([start])
    while ids[0, -1] != end and ids.shape[1] < limit:
        logits = model.decode(ids, memory)[:, -1]  # (batch, vocabulary)
        logits[:, never + not_first * (ids.shape[1] == len(start))] = -math.inf
        ids = torch.cat([ids, logits.argmax(dim=-1, keepdim=True)], dim=1)
    return ids


def load(folder):
    """The Whisper that lies in `folder`, with the weights of its file."""
    config = json.loads(Path(folder, "config.json").read_text())
    config |= {"pre_norm": True, "key_bias": False, "activation_function": "gelu"}
    model, file = EncoderDecoder(config), load_file(f"{folder}/model.safetensors")
    model.load_state_dict({name.removeprefix("model."): file[name] for name in file})
    return model.eval()


if __name__ == "__main__":
    print(f"{sum(x.numel() for x in load('models/whisper').parameters()):,} parameters")
