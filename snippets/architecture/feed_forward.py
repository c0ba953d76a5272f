"""MiniLM's feed-forward network in one line, token by token, against its own layer."""

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
sentence = "The robot watered the sunflowers because they were thirsty."
layer = model.encoder.layer[0]
with torch.no_grad():
    ids = tokenizer(sentence, return_tensors="pt").input_ids
    x = layer.attention(model.embeddings(ids))[0][0]  # (tokens, 384)
    W1, b1 = layer.intermediate.dense.weight.T, layer.intermediate.dense.bias
    W2, b2 = layer.output.dense.weight.T, layer.output.dense.bias

    inner = F.gelu(x @ W1 + b1)  # (tokens, 384) → (tokens, 1536)
    mine = inner @ W2 + b2  # (tokens, 1536) → (tokens, 384)

    theirs = layer.output.dense(layer.intermediate(x))
    alone = F.gelu(x[4] @ W1 + b1) @ W2 + b2  # (384,), one token by itself
    straight = (x @ W1 + b1) @ W2 + b2  # the same without GELU …
    one_matrix = x @ (W1 @ W2) + (b1 @ W2 + b2)  # … is one 384 × 384 matrix

difference = (mine - theirs).abs().max().item()
alone_difference = (alone - mine[4]).abs().max().item()
one_difference = (straight - one_matrix).abs().max().item()
print("x", tuple(x.shape), "inner", tuple(inner.shape), "output", tuple(mine.shape))
print(f"against the layer's own result:        {difference:.0e}")
print(f"a token alone, against all at once:    {alone_difference:.0e}")
print(f"without GELU, against one matrix:      {one_difference:.0e}")

line = torch.linspace(-4, 4, 161)
plt.plot(line, F.relu(line), color=plots.CUT, label="ReLU (paper, en-pt)")
plt.plot(line, F.gelu(line), "--", color=plots.BLUE, label="GELU (MiniLM, Whisper)")
plt.plot(line, F.silu(line), ":", color=plots.WARM, label="SiLU (in SmolLM2)")
plt.gca().set(title="Three activation functions", xlabel="in", ylabel="out")
plt.legend()
