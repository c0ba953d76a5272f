"""Latent attention: keep one short vector per token, and never unfold it into keys."""

import torch
from transformers import DeepseekV2Config, DynamicCache
from transformers.models.deepseek_v2.modeling_deepseek_v2 import (
    DeepseekV2Attention,
    DeepseekV2RotaryEmbedding,
    apply_rotary_emb,
)

torch.set_grad_enabled(False)
torch.manual_seed(0)
TOKENS, WIDTH, HEADS, LATENT, PLAIN, TURNED, VALUE = 10, 96, 6, 24, 16, 8, 16
config = DeepseekV2Config(
    hidden_size=WIDTH, num_attention_heads=HEADS, kv_lora_rank=LATENT, q_lora_rank=None,
    qk_nope_head_dim=PLAIN, qk_rope_head_dim=TURNED, v_head_dim=VALUE,
)  # fmt: skip
config._attn_implementation = "sdpa"
layer, cache = DeepseekV2Attention(config, 0).double(), DynamicCache()
x = torch.randn(1, TOKENS, WIDTH, dtype=torch.float64)
mask = torch.full((TOKENS, TOKENS), -torch.inf).double().triu(1)
turns = DeepseekV2RotaryEmbedding(config)(x, torch.arange(TOKENS)[None])
theirs, _ = layer(x, mask[None, None], cache=cache, position_embeddings=turns)

# What is kept of each token: the latent, and one short key that is turned by its place.
latent, key = layer.kv_a_proj_with_mqa(x).split([LATENT, TURNED], dim=-1)
latent = layer.kv_a_layernorm(latent)[0]  # (tokens, latent)
query = layer.q_proj(x).view(1, TOKENS, HEADS, -1).transpose(1, 2)
query, query_turned = query.split([PLAIN, TURNED], dim=-1)  # (1, heads, tokens, …)
query_turned, key = apply_rotary_emb(query_turned, key[:, None], turns)

# Two matrices would unfold a latent into a key and a value for each head. Instead, one
# of them goes to the query, the other to the mixed latents: the products are the same.
unfold = layer.kv_b_proj.weight.view(HEADS, PLAIN + VALUE, LATENT)
to_key, to_value = unfold.split([PLAIN, VALUE], dim=1)  # (heads, …, latent)
moved = query[0] @ to_key  # (heads, tokens, latent)
scores = moved @ latent.T + query_turned[0] @ key[0].mT  # (heads, tokens, tokens)
weights = (scores / (PLAIN + TURNED) ** 0.5 + mask).softmax(-1)
mixed = weights @ latent @ to_value.mT  # (heads, tokens, value)
ours = layer.o_proj(mixed.transpose(0, 1).reshape(1, TOKENS, -1))

off = (ours - theirs).abs().max().item()
tensors = cache.layers[0].keys.nbytes + cache.layers[0].values.nbytes
formula = TOKENS * (LATENT + TURNED) * 8  # eight bytes a number
unfolded = TOKENS * HEADS * (PLAIN + TURNED + VALUE) * 8
times = unfolded / tensors
print(f"off by {off:.0e}")
print(f"kept: {tensors:,} bytes in the library's cache, {formula:,} by the formula")
print(f"unfolded into keys and values: {unfolded:,}, {times:.1f} times as many")
