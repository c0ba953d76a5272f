"""The answers to this chapter's exercises, computed."""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets.shared.tagging import spans

# Exercise 1: the parameters of one block, from its two widths
width, inner = 384, 1536
attention = 4 * (width * width + width)
feed_forward = width * inner + inner + inner * width + width
norms = 2 * 2 * width
block = attention + feed_forward + norms

# Exercise 2: precision, recall and F1 of one guess
truth = spans("B-PER I-PER O B-ORG O B-LOC".split())
guess = spans("B-PER O O B-ORG O O".split())
right = len(truth & guess)
precision, recall = right / len(guess), right / len(truth)
f1 = 2 * precision * recall / (precision + recall)

# Exercise 3: the mean with and without the padding tokens
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
print(f"block {block:,}; precision {precision:.2f}, recall {recall:.2f}, F1 {f1:.2f}")
print(f"cosine of the two means: {cosine:.2f} with {padding} padding tokens")
