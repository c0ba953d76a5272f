"""The head that looks one token back, without position vectors and without words."""

import torch
from transformers import AutoModel, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
with open("snippets/decoder/beginnings.txt", encoding="utf-8") as file:
    texts = file.read().splitlines()[1:]  # everyday sentences, new here


def one_back(text):
    """Layer 1, head 3: weight on the token before, for all rows but the first."""
    output = model(**tokenizer(text, return_tensors="pt"), output_attentions=True)
    weights = output.attentions[0][0, 2]  # (tokens, tokens)
    return weights.diagonal(offset=-1).mean().item(), 1 / len(weights)


found = {}
parts = {"nothing": [], "positions": [model.embeddings.position_embeddings.weight],
         "words": [model.embeddings.word_embeddings.weight]}  # fmt: skip
for name, tables in parts.items():
    before = [table.clone() for table in tables]
    for table in tables:
        table.zero_()
    shares, even = zip(*map(one_back, texts))
    found[name] = sum(shares) / len(texts), min(shares)
    print(f"zero: {name:9} mean {found[name][0]:.3f}, lowest {found[name][1]:.3f}")
    for table, old in zip(tables, before):
        table.copy_(old)

sentences, even_share = len(texts), sum(even) / len(texts)
print(f"{sentences} sentences; an even share would be {even_share:.3f}")
(with_mean, with_lowest), (without_mean, _), (wordless_mean, wordless_lowest) = (
    found.values()
)
