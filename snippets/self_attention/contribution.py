"""What a weight moves: attention weight on [CLS], and its share of what arrives."""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
sentence = "The robot watered the sunflowers because they were thirsty."
inputs = tokenizer(sentence, return_tensors="pt")
with torch.no_grad():
    outputs = model(**inputs, output_attentions=True, output_hidden_states=True)

shares = []
for x, weights, layer in zip(
    outputs.hidden_states, outputs.attentions, model.encoder.layer
):
    with torch.no_grad():
        value = layer.attention.self.value(x)[0].view(-1, 12, 32).transpose(0, 1)
    W_O = layer.attention.output.dense.weight.view(384, 12, 32).permute(1, 2, 0)
    arriving = (value @ W_O).norm(dim=-1)  # (heads, tokens): lengths
    moved = weights[0] * arriving[:, None]  # (heads, tokens, tokens)
    moved = moved / moved.sum(dim=-1, keepdim=True)
    on_cls = [share[:, 1:-1, 0].mean().item() for share in (weights[0], moved)]
    shares.append(on_cls)  # of the queries that are words

weight_on_cls = sum(w for w, _ in shares) / len(shares)
share_of_cls = sum(m for _, m in shares) / len(shares)
print(f"average weight on [CLS]:         {weight_on_cls:.2f}")
print(f"its share of what arrives:       {share_of_cls:.2f}")
layers = [f"layer {n}" for n in range(1, 7)]
both = list(zip(*shares))  # (2 shares, layers)
title = "[CLS]: much weight, a small share"
ax = plots.heatmap(both, ["weight", "arrives"], layers, title, numbers=True)
ax.figure.get_layout_engine().set(h_pad=0.1)  # room for the title
