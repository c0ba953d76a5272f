"""A decoder in plain PyTorch: SmolLM2, a Llama, with its real pretrained weights."""

import json
import math
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import AutoTokenizer


def attention(query, key, value, mask):
    """Equation (1) of the paper, for all heads at once. True in `mask`: may be seen."""
    scores = query @ key.transpose(-2, -1)  # (…, queries, keys)
    scores = scores / math.sqrt(query.shape[-1])  # section 3.2.1: divide by √d_k
    scores = scores.masked_fill(~mask, -math.inf)  # section 3.2.3: before the softmax
    return scores.softmax(dim=-1) @ value  # (…, queries, head width)


def rotate(x, angles):
    """Rotary positions: each pair of numbers is a point in a plane, and turns."""
    first, second = x.chunk(2, dim=-1)  # number i is paired with number i + half
    cos, sin = angles.cos(), angles.sin()  # (tokens, half) each
    return torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)


class RMSNorm(nn.Module):
    """A layer norm that leaves the mean alone and has no shift."""

    def __init__(self, config):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(config["hidden_size"]))
        self.eps = config["rms_norm_eps"]

    def forward(self, x):
        mean_square = (x**2).mean(dim=-1, keepdim=True)  # (batch, tokens, 1)
        return x / torch.sqrt(mean_square + self.eps) * self.weight


class SelfAttention(nn.Module):
    """Section 3.2.2, but several query heads share one key head and one value head."""

    def __init__(self, config):
        super().__init__()
        self.shared, width = config["num_key_value_heads"], config["hidden_size"]
        self.head_width = width // config["num_attention_heads"]
        self.q_proj = nn.Linear(width, width, bias=False)  # W^Q
        self.k_proj = nn.Linear(width, self.shared * self.head_width, bias=False)  # W^K
        self.v_proj = nn.Linear(width, self.shared * self.head_width, bias=False)  # W^V
        self.o_proj = nn.Linear(width, width, bias=False)  # W^O

    def split_heads(self, x):
        # (batch, tokens, width) → (batch, heads, tokens, head width)
        return x.unflatten(-1, (-1, self.head_width)).transpose(1, 2)

    def forward(self, x, angles, seen, past):
        query = rotate(self.split_heads(self.q_proj(x)), angles)
        key = rotate(self.split_heads(self.k_proj(x)), angles)
        value = self.split_heads(self.v_proj(x))
        if past:  # the KV cache: earlier tokens have been here already
            key, value = torch.cat([past[0], key], 2), torch.cat([past[1], value], 2)
        query = query.unflatten(1, (self.shared, -1))  # heads to groups of neighbors
        mixed = attention(query, key[:, :, None], value[:, :, None], seen)
        mixed = mixed.flatten(1, 2).transpose(1, 2).flatten(2)  # (batch, tokens, width)
        return self.o_proj(mixed), (key, value)


class FeedForward(nn.Module):
    """SwiGLU in the place of equation (2): a gate says how much of a number passes."""

    def __init__(self, config):
        super().__init__()
        width, inner = config["hidden_size"], config["intermediate_size"]
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)

    def forward(self, x):
        gate = self.gate_proj(x)  # (batch, tokens, inner)
        return self.down_proj(gate * torch.sigmoid(gate) * self.up_proj(x))


class Block(nn.Module):
    """Section 3.1 with the norm inside, x + Sublayer(Norm(x)): this is pre-norm."""

    def __init__(self, config):
        super().__init__()
        self.input_layernorm = RMSNorm(config)
        self.self_attn = SelfAttention(config)
        self.post_attention_layernorm = RMSNorm(config)
        self.mlp = FeedForward(config)

    def forward(self, x, angles, seen, past):
        change, past = self.self_attn(self.input_layernorm(x), angles, seen, past)
        x = x + change  # pre-norm: nothing stands in the way of x itself
        return x + self.mlp(self.post_attention_layernorm(x)), past


class Decoder(nn.Module):
    """Embeddings, the stack, one last norm, and logits for the next token."""

    def __init__(self, config):
        super().__init__()
        self.embed_tokens = nn.Embedding(config["vocab_size"], config["hidden_size"])
        blocks = [Block(config) for _ in range(config["num_hidden_layers"])]
        self.layers = nn.ModuleList(blocks)
        self.norm = RMSNorm(config)
        head_width = config["hidden_size"] // config["num_attention_heads"]
        pairs = torch.arange(0, head_width, 2) / head_width  # (half,): 0 to almost 1
        self.speeds = 1 / config["rope_parameters"]["rope_theta"] ** pairs  # 1 to ~ 0

    def forward(self, ids, cache=None):
        """New ids and the cache of the old → logits, and the cache with both."""
        cache = cache or [None] * len(self.layers)
        start = cache[0][0].shape[2] if cache[0] else 0  # how many tokens are cached
        positions = torch.arange(start + ids.shape[1])[:, None]  # (all tokens, 1)
        # Section 3.2.3, causal: a query sees the keys up to its own position.
        seen = positions[start:] >= positions.T  # (new tokens, all tokens)
        angles = positions[start:] * self.speeds  # (new tokens, half)
        x, longer = self.embed_tokens(ids), []  # (batch, tokens, width)
        for layer, past in zip(self.layers, cache):
            x, past = layer(x, angles, seen, past)
            longer.append(past)
        # Section 3.4: the embedding table is used again, as the last matrix (tied).
        return self.norm(x) @ self.embed_tokens.weight.T, longer  # (batch, tokens, ids)


@torch.no_grad()
def generate(decoder, ids, count):
    """Greedy decoding: the most probable next token, `count` times."""
    cache, written = None, [ids]
    for _ in range(count):
        logits, cache = decoder(written[-1], cache)  # only what is new goes in
        written.append(logits[:, -1:].argmax(dim=-1))  # (batch, 1)
    return torch.cat(written, dim=1)  # (batch, tokens + count)


def load(folder):
    """The decoder that lies in `folder`, with the weights of its file."""
    decoder = Decoder(json.loads(Path(folder, "config.json").read_text()))
    file = load_file(f"{folder}/model.safetensors")
    decoder.load_state_dict({k.removeprefix("model."): file[k] for k in file})
    return decoder.eval()


if __name__ == "__main__":
    tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
    batch = tokenizer("The robot watered the sunflowers because", return_tensors="pt")
    print(tokenizer.decode(generate(load("models/smollm2"), batch.input_ids, 11)[0]))
