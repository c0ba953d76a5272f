"""A layer of SmolLM2 in parts: each device has a part of every matrix, and they add."""

import torch
from torch.nn.functional import scaled_dot_product_attention, silu
from transformers import AutoModelForCausalLM
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

torch.set_grad_enabled(False)
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
ids = torch.tensor([[0, *range(1000, 1019)]])  # 0 is the start token
hidden = model(ids, output_hidden_states=True).hidden_states[5].double()
layer = model.model.layers[5].double()
attention, feed = layer.self_attn, layer.mlp
turns = model.model.rotary_emb(hidden, torch.arange(20)[None])


def heads(states):
    return states.unflatten(-1, (-1, 64)).transpose(1, 2)  # (1, heads, tokens, 64)


def attention_part(x, first, last):
    """What these groups give, of three: a group is three query heads and a key head."""
    own, shared = slice(192 * first, 192 * last), slice(64 * first, 64 * last)
    query = heads(x @ attention.q_proj.weight[own].T)
    key = heads(x @ attention.k_proj.weight[shared].T)
    value = heads(x @ attention.v_proj.weight[shared].T)
    query, key = apply_rotary_pos_emb(query, key, *turns)
    options = {"is_causal": True, "enable_gqa": True}
    mixed = scaled_dot_product_attention(query, key, value, **options)
    return mixed.transpose(1, 2).flatten(2) @ attention.o_proj.weight[:, own].T


def feed_part(x, first, last):
    """What these of the 1,536 inner numbers give; a third of them is 512."""
    own = slice(512 * first, 512 * last)
    inner = silu(x @ feed.gate_proj.weight[own].T) * (x @ feed.up_proj.weight[own].T)
    return inner @ feed.down_proj.weight[:, own].T


def cut(parts):
    """The layer on several devices; a sum stands where they must send."""
    x = layer.input_layernorm(hidden)
    state = hidden + sum(attention_part(x, *part) for part in parts)
    x = layer.post_attention_layernorm(state)
    return state + sum(feed_part(x, *part) for part in parts)


whole = layer(hidden, position_embeddings=turns)
off = []
for name, parts in {"two": [(0, 2), (2, 3)], "three": [(0, 1), (1, 2), (2, 3)]}.items():
    off.append((cut(parts) - whole).abs().max().item())
    print(f"{name} devices: off by {off[-1]:.0e}")
most_off, largest = max(off), whole.abs().max().item()
sums, width, layers = 2, hidden.shape[-1], len(model.model.layers)
sent = sums * width * layers
print(f"each of two sends {sums} · {width} numbers a layer, {sent:,} for one token")
print(f"cut between layers instead: {width} numbers, once for each token")
