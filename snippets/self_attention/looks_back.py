"""The head that looks one token back, with position vectors and without them."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
with open("snippets/decoder/beginnings.txt", encoding="utf-8") as file:
    texts = file.read().splitlines()  # everyday sentences


def one_back(text):
    """Layer 1, head 3: weight on the token before, for all rows but the first."""
    with torch.no_grad():
        output = model(**tokenizer(text, return_tensors="pt"), output_attentions=True)
    weights = output.attentions[0][0, 2]  # (tokens, tokens)
    return weights.diagonal(offset=-1).mean().item(), 1 / len(weights)


found = {}
for name in ("with", "without"):
    shares, even = zip(*map(one_back, texts))
    found[name] = sum(shares) / len(texts), min(shares)
    print(f"{name:7} positions: mean {found[name][0]:.3f}, lowest {found[name][1]:.3f}")
    with torch.no_grad():
        model.embeddings.position_embeddings.weight.zero_()

sentences, even_share = len(texts), sum(even) / len(texts)
print(f"{sentences} sentences; an even share would be {even_share:.3f}")
(with_mean, with_lowest), (without_mean, _) = found.values()
