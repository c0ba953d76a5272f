"""Twelve heads joined by the output matrix give the result of MiniLM's own layer."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
sentence = "The robot watered the sunflowers because they were thirsty."
inputs = tokenizer(sentence, return_tensors="pt")
with torch.no_grad():
    x = model(**inputs, output_hidden_states=True).hidden_states[5]  # (1, tokens, 384)

attention = model.encoder.layer[5].attention
heads, d_k = 12, 32


def split(vectors):  # (1, tokens, 384) → (heads, tokens, 32)
    return vectors[0].view(-1, heads, d_k).transpose(0, 1)


with torch.no_grad():
    query = split(attention.self.query(x))  # (heads, tokens, 32)
    key = split(attention.self.key(x))  # (heads, tokens, 32)
    value = split(attention.self.value(x))  # (heads, tokens, 32)
    weights = (query @ key.transpose(-2, -1) / d_k**0.5).softmax(dim=-1)
    outputs = weights @ value  # (heads, tokens, 32)

    W_O, bias = attention.output.dense.weight, attention.output.dense.bias
    side_by_side = outputs.transpose(0, 1).reshape(-1, heads * d_k)  # (tokens, 384)
    joined = side_by_side @ W_O.T + bias  # (tokens, 384)

    # The same, seen otherwise: each head has its own 32 columns of W_O, and all add up.
    parts = [outputs[h] @ W_O[:, h * d_k : (h + 1) * d_k].T for h in range(heads)]
    added = sum(parts) + bias  # (tokens, 384)

    mine = attention.output.LayerNorm(joined + x[0])  # residual connection, then norm
    theirs = attention(x)[0][0]

difference = (mine - theirs).abs().max().item()
difference_added = (joined - added).abs().max().item()
print("heads", tuple(outputs.shape), "→ side by side", tuple(side_by_side.shape))
print(f"joined against the sum of twelve parts: {difference_added:.0e}")
print(f"against the layer's own result:         {difference:.0e}")
