"""One masked head of SmolLM2, computed from its weights, equals the library's map."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained(
    "models/smollm2", attn_implementation="eager"
)
layer_index, head_index = 13, 8  # layer 14, head 9
batch = tokenizer(
    "The robot watered the sunflowers because they were thirsty.", return_tensors="pt"
)
with torch.no_grad():
    outputs = model(**batch, output_attentions=True, output_hidden_states=True)
    layer = model.model.layers[layer_index]
    hidden = outputs.hidden_states[layer_index][0]  # (tokens, 576)
    hidden = layer.input_layernorm(hidden)
    tokens = len(hidden)
    query = layer.self_attn.q_proj(hidden).view(tokens, 9, 64).transpose(0, 1)
    key = layer.self_attn.k_proj(hidden).view(tokens, 3, 64).transpose(0, 1)
    positions = torch.arange(tokens)[None]
    cos, sin = model.model.rotary_emb(hidden, positions)
    query, key = apply_rotary_pos_emb(query[None], key[None], cos, sin)
    query, key = query[0, head_index], key[0, head_index // 3]  # 3 heads share a key

scores = query @ key.T / 64**0.5  # (tokens, tokens)
future = torch.ones(tokens, tokens, dtype=torch.bool).triu(diagonal=1)
weights = scores.masked_fill(future, float("-inf")).softmax(dim=-1)

library = outputs.attentions[layer_index][0, head_index]
difference = (weights - library).abs().max().item()
without_mask = scores.softmax(dim=-1)
on_the_future = without_mask.triu(diagonal=1).sum(dim=-1)[:-1].mean().item()
print(f"tokens: {tokens}; largest difference from the library's map: {difference:.1g}")
print(f"without the mask this head would give {on_the_future:.0%} to later tokens")
