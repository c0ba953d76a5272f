"""An encoder in plain PyTorch: MiniLM, a BERT, with its real pretrained weights."""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import AutoTokenizer


def attention(query, key, value, mask):
    """Equation (1) of the paper, for all heads at once. True in `mask`: may be seen."""
    scores = query @ key.transpose(-2, -1)  # (batch, heads, tokens, tokens)
    scores = scores / math.sqrt(query.shape[-1])  # section 3.2.1: divide by √d_k
    scores = scores.masked_fill(~mask, -math.inf)  # section 3.2.3: before the softmax
    weights = scores.softmax(dim=-1)  # each row sums to one
    return weights @ value, weights  # (batch, heads, tokens, head width), the map


def split_heads(x, heads):
    """The width is cut into heads; then each head is worked on alone, like a batch."""
    batch, tokens, width = x.shape
    x = x.view(batch, tokens, heads, width // heads)
    return x.transpose(1, 2)  # (batch, heads, tokens, head width)


class LayerNorm(nn.Module):
    """Each vector gets mean 0 and variance 1, then a learned scale and shift."""

    def __init__(self, width, eps):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.eps = eps

    def forward(self, x):
        centered = x - x.mean(dim=-1, keepdim=True)
        variance = (centered**2).mean(dim=-1, keepdim=True)  # (batch, tokens, 1)
        return centered / torch.sqrt(variance + self.eps) * self.weight + self.bias


class SelfAttention(nn.Module):
    """Section 3.2.2, multi-head attention: Concat(head_1, …, head_h) W^O."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)  # the W_i^Q of all heads, side by side
        self.key = nn.Linear(width, width)  # W_i^K
        self.value = nn.Linear(width, width)  # W_i^V
        self.output = nn.Linear(width, width)  # W^O

    def forward(self, x, mask):
        query = split_heads(self.query(x), self.heads)  # (batch, heads, tokens, 32)
        key = split_heads(self.key(x), self.heads)
        value = split_heads(self.value(x), self.heads)
        mixed, weights = attention(query, key, value, mask)
        return self.output(mixed.transpose(1, 2).flatten(2)), weights  # Concat and W^O


class FeedForward(nn.Module):
    """Section 3.3, equation (2): each position alone, wider and back."""

    def __init__(self, width, inner):
        super().__init__()
        self.expand = nn.Linear(width, inner)  # W_1 and b_1
        self.contract = nn.Linear(inner, width)  # W_2 and b_2

    def forward(self, x):
        x = self.expand(x)  # (batch, tokens, inner)
        below = (1 + torch.erf(x / math.sqrt(2))) / 2  # P(a standard normal is below x)
        return self.contract(x * below)  # GELU(x) = x P(…); the paper has ReLU


class Block(nn.Module):
    """Section 3.1: two sublayers, and LayerNorm(x + Sublayer(x)) around each."""

    def __init__(self, width, inner, heads, eps):
        super().__init__()
        self.attention = SelfAttention(width, heads)
        self.attention_norm = LayerNorm(width, eps)
        self.feed_forward = FeedForward(width, inner)
        self.feed_forward_norm = LayerNorm(width, eps)

    def forward(self, x, mask):
        change, weights = self.attention(x, mask)
        x = self.attention_norm(x + change)  # post-norm: after the addition
        return self.feed_forward_norm(x + self.feed_forward(x)), weights


class Encoder(nn.Module):
    """Tokens and positions become vectors (3.4, 3.5), then the stack of section 3.1."""

    def __init__(self, config):
        super().__init__()
        width, heads = config["hidden_size"], config["num_attention_heads"]
        inner, eps = config["intermediate_size"], config["layer_norm_eps"]
        self.tokens = nn.Embedding(config["vocab_size"], width)
        self.positions = nn.Embedding(config["max_position_embeddings"], width)
        self.segments = nn.Embedding(2, width)  # first or second text; here the first
        self.norm = LayerNorm(width, eps)
        blocks = range(config["num_hidden_layers"])
        self.blocks = nn.ModuleList(Block(width, inner, heads, eps) for _ in blocks)

    def forward(self, ids, mask):
        """Ids and padding mask → hidden states and attention maps of every layer."""
        x = self.tokens(ids) + self.positions.weight[: ids.shape[1]]
        states, maps = [self.norm(x + self.segments.weight[0])], []
        seen = mask.bool()[:, None, None, :]  # (batch, 1, 1, tokens): by every query
        for block in self.blocks:
            state, weights = block(states[-1], seen)
            states.append(state)  # (batch, tokens, width)
            maps.append(weights)  # (batch, heads, tokens, tokens)
        return states, maps


RENAMED = {  # what the file of weights calls a part → what we call it, in this order
    "embeddings.word_embeddings": "tokens",
    "embeddings.position_embeddings": "positions",
    "embeddings.token_type_embeddings": "segments",
    "embeddings.LayerNorm": "norm",
    "encoder.layer": "blocks",
    "attention.self": "attention",
    "attention.output.LayerNorm": "attention_norm",
    "attention.output.dense": "attention.output",
    "intermediate.dense": "feed_forward.expand",
    "output.LayerNorm": "feed_forward_norm",
    "output.dense": "feed_forward.contract",
}


def load(folder):
    """The encoder that lies in `folder`, with the weights of its file."""
    encoder = Encoder(json.loads(Path(folder, "config.json").read_text()))
    ours = {}
    for name, weight in load_file(f"{folder}/model.safetensors").items():
        for theirs, our in RENAMED.items():
            name = name.replace(theirs, our)
        ours[name] = weight
    encoder.load_state_dict({name: ours[name] for name in encoder.state_dict()})
    return encoder.eval()


if __name__ == "__main__":
    tokenizer = AutoTokenizer.from_pretrained("models/minilm")
    batch = tokenizer("The robot watered the sunflowers.", return_tensors="pt")
    states, maps = load("models/minilm")(batch.input_ids, batch.attention_mask)
    print(len(states), "hidden states", *states[-1].shape)
