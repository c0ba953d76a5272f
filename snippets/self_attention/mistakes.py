"""Mistakes in attention that raise no error and give other numbers."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
inputs = tokenizer("The robot watered the sunflowers.", return_tensors="pt")
with torch.no_grad():
    x = model(**inputs, output_hidden_states=True).hidden_states[5]
    layer = model.encoder.layer[5].attention.self
    q, k, v = layer.query(x)[0], layer.key(x)[0], layer.value(x)[0]  # (tokens, 384)


def split(vectors):
    return vectors.view(-1, 12, 32).transpose(0, 1)  # (heads, tokens, 32)


def wrong_split(vectors):
    return vectors.view(12, -1, 32)  # the right shape, but heads and tokens mixed up


def attend(query, key, value, scale=32**0.5, dim=-1):
    return ((query @ key.transpose(-2, -1)) / scale).softmax(dim) @ value


query, key, value = split(q), split(k), split(v)
right = attend(query, key, value)  # (heads, tokens, 32)
mixed = attend(wrong_split(q), wrong_split(k), wrong_split(v))
wrong = {
    "softmax over the queries": attend(query, key, value, dim=-2),
    "no division by √d": attend(query, key, value, scale=1),
    "divided by √384, not √32": attend(query, key, value, scale=384**0.5),
    "heads split without transpose": mixed,
}
print("| mistake | shape | error of the output |\n|---|---|---|")
for name, output in wrong.items():
    error = ((output - right).norm() / right.norm()).item()
    print(f"| {name} | {tuple(output.shape)} | {error:.0%} |")
smallest_error = min(((o - right).norm() / right.norm()).item() for o in wrong.values())

quiet = AutoModel.from_pretrained("models/minilm")  # the default: fused attention
maps_kept = len(quiet(**inputs, output_attentions=True).attentions)
print(f"| asking the default model for its maps | {maps_kept} maps | no map at all |")
