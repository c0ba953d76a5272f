"""The answers to the exercises, computed."""

from math import comb, log2

import torch
from transformers import AutoModel, AutoTokenizer

scores = torch.tensor([1.0, 2.0, 1.0])
shifted = (scores + 100).softmax(dim=0)
shift_changes = (shifted - scores.softmax(dim=0)).abs().max().item()
tenfold = (10 * scores).softmax(dim=0).max().item()
print("scores + 100 changes a weight by a millionth:", shift_changes >= 1e-6)
print(f"scores × 10 raises the top weight to {tenfold:.4f}")

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
attention = model.encoder.layer[5].attention
matrices = [attention.self.query, attention.self.key, attention.self.value]
matrices.append(attention.output.dense)
parameters = sum(p.numel() for matrix in matrices for p in matrix.parameters())
print(f"{parameters:,} parameters in the four matrices, biases included")

words = tokenizer("water " * 18, return_tensors="pt")  # 20 tokens, both ends included
with torch.no_grad():
    maps = model(**words, output_attentions=True).attentions  # one entry a layer
counted = sum(layer.numel() for layer in maps)
print(f"{counted:,} attention weights for {words.input_ids.shape[1]} tokens")

sentence = "The robot watered the sunflowers because they were thirsty."
inputs = tokenizer(sentence, return_tensors="pt")
attention.self.scaling = 1 / 32  # divide by d_k, not by its square root
with torch.no_grad():
    weights = model(**inputs, output_attentions=True).attentions[5][0, 11]
entropy = -(weights * weights.log2()).sum(dim=-1).mean().item()
top = weights.amax(dim=-1).mean().item()
highest = log2(len(weights))
print(f"divided by d_k: top weight {top:.2f}")
print(f"divided by d_k: entropy {entropy:.2f} bits of at most {highest:.2f}")

chance = sum(comb(12, right) for right in range(8, 13)) / 2**12
expected = 72 * chance
print(f"of 72 coins, {expected:.1f} on average fall right at least 8 times in 12")
