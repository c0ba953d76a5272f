"""Multi-head, grouped and multi-query attention: one layer each, and what it keeps."""

import torch
from transformers import DynamicCache, LlamaConfig
from transformers.models.llama.modeling_llama import (
    LlamaAttention,
    LlamaRotaryEmbedding,
    apply_rotary_pos_emb,
)

torch.set_grad_enabled(False)
torch.manual_seed(0)
TOKENS, WIDTH, HEADS = 10, 96, 6
x = torch.randn(1, TOKENS, WIDTH, dtype=torch.float64)
bias = torch.full((TOKENS, TOKENS), -torch.inf).double().triu(1)  # the causal mask


def heads_of(states, count):
    return states.view(TOKENS, count, -1).transpose(
        0, 1
    )  # (heads, tokens, width / heads)


def by_hand(layer, kept, turns):
    """The same attention written out, and the keys and values that it keeps."""
    query = heads_of(layer.q_proj(x), HEADS)
    key, value = heads_of(layer.k_proj(x), kept), heads_of(layer.v_proj(x), kept)
    query, key = (t[0] for t in apply_rotary_pos_emb(query[None], key[None], *turns))
    owner = torch.arange(HEADS) // (HEADS // kept)  # which key head serves a query head
    scores = query @ key[owner].mT / query.shape[-1] ** 0.5 + bias
    mixed = scores.softmax(-1) @ value[owner]  # (heads, tokens, width / heads)
    return layer.o_proj(mixed.transpose(0, 1).reshape(1, TOKENS, WIDTH)), key, value


print("| attention | key heads | off by | bytes by the formula | in the tensors |")
print("|---|--:|--:|--:|--:|")
found = {}
for name, kept in {"multi-head": 6, "grouped": 2, "multi-query": 1}.items():
    config = LlamaConfig(hidden_size=WIDTH, num_attention_heads=HEADS,
                         num_key_value_heads=kept)  # fmt: skip
    config._attn_implementation = "sdpa"
    layer, cache = LlamaAttention(config, 0).double(), DynamicCache()
    turns = LlamaRotaryEmbedding(config)(x, torch.arange(TOKENS)[None])
    theirs, _ = layer(x, turns, bias[None, None], cache=cache)
    ours, key, value = by_hand(layer, kept, turns)
    off = (ours - theirs).abs().max().item()
    tensors = cache.layers[0].keys.nbytes + cache.layers[0].values.nbytes
    formula = 2 * TOKENS * kept * (WIDTH // HEADS) * 8  # eight bytes a number
    found[name] = off, formula, tensors, key.nbytes + value.nbytes
    print(f"| {name} | {kept} | {off:.0e} | {formula:,} | {tensors:,} |")
most_off = max(row[0] for row in found.values())
most_bytes, grouped_bytes, least_bytes = (row[2] for row in found.values())
