"""Rotary positions in a real head: the score of a query and a key, placed anywhere."""

import torch
from transformers import AutoModel, AutoTokenizer
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModel.from_pretrained("models/smollm2")
text = "<|endoftext|>The robot watered the sunflowers because they were thirsty."
inputs = tokenizer(text, return_tensors="pt")
layer, head, width = 1, 8, 64  # counted from 0: layer 2, head 9
with torch.no_grad():
    states = model(**inputs, output_hidden_states=True).hidden_states[layer]
    block = model.layers[layer]
    states = block.input_layernorm(states)[0]  # (tokens, width of the model)
    queries = block.self_attn.q_proj(states).view(-1, 9, width)[:, head]
    keys = block.self_attn.k_proj(states).view(-1, 3, width)[:, head // 3]
query, key = queries[10], keys[6]  # "thirsty" looks at "flowers"


def rotate(vector, position):
    angle = position * 100000 ** (-torch.arange(0, width, 2) / width)  # (width / 2)
    first, second = vector[:32], vector[32:]  # a pair: one number from each half
    return torch.cat([
        first * angle.cos() - second * angle.sin(),
        second * angle.cos() + first * angle.sin(),
    ])  # fmt: skip


places = 12
turned_queries = torch.stack([rotate(query, m) for m in range(places)])
turned_keys = torch.stack([rotate(key, n) for n in range(places)])
scores = turned_queries @ turned_keys.T / width**0.5  # (places, places)

cos, sin = model.rotary_emb(query, torch.arange(places)[None])
many = query.expand(1, 1, places, width), key.expand(1, 1, places, width)
library = apply_rotary_pos_emb(*many, cos, sin)
same = torch.allclose(library[0][0, 0], turned_queries, atol=1e-5)
unmoved = torch.allclose(scores[1:, 1:], scores[:-1, :-1], atol=1e-4)
print(f"our rotation is the library's: {same}")
print(f"both tokens one step on, the same scores: {unmoved}")
print("distance 0 to 5:", *(f"{scores[6, 6 - d]:.2f}" for d in range(6)))
places = [str(p) for p in range(places)]
plots.heatmap(scores, places, places, "Each diagonal has one color", signed=True)
