"""The answers to this chapter's exercises, computed."""

import torch
from transformers import AutoModel, AutoTokenizer

# Exercise 1: the parameters of one block, from its two widths
width, inner = 384, 1536
attention = 4 * (width * width + width)
feed_forward = width * inner + inner + inner * width + width
norms = 2 * 2 * width
block = attention + feed_forward + norms

# Exercise 2: the mean with and without the padding tokens
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm")
texts = ["The robot watered the sunflowers.", "A very long sentence " * 12]
inputs = tokenizer(texts, padding=True, return_tensors="pt")
with torch.no_grad():
    hidden = encoder(**inputs).last_hidden_state[0]  # (tokens, width)
mask = inputs.attention_mask[0].unsqueeze(-1)
masked, careless = (hidden * mask).sum(0) / mask.sum(), hidden.mean(0)
cosine = torch.cosine_similarity(masked, careless, dim=0)
padding = int((1 - mask).sum())

# Exercise 3: what a search keeps, and what a question costs
passages = 10_000
megabytes = passages * width * 4 / 1e6
products = passages * width
print(f"block {block:,}")
print(f"cosine of the two means: {cosine:.2f} with {padding} padding tokens")
print(f"{passages:,} passages: {megabytes:.1f} MB, {products:,} products a question")
