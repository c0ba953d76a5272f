"""The nine masked attention maps of one layer of SmolLM2, and what all its heads do."""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModel.from_pretrained("models/smollm2", attn_implementation="eager")
batch = tokenizer("The robot watered the sunflowers.", return_tensors="pt")
with torch.no_grad():
    attentions = model(**batch, output_attentions=True).attentions
maps = torch.stack(attentions)[:, 0]  # (layers, heads, tokens, tokens)
tokens = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
tokens = [token.replace("Ġ", "␣") for token in tokens]

future = maps.triu(diagonal=1).sum().item()
# From the third token on: for the second one, the first is also the one before.
first = maps[:, :, 2:, 0].mean(dim=-1)  # (layers, heads)
before = maps[:, :, 2:].diagonal(offset=1, dim1=-2, dim2=-1).mean(dim=-1)
heads = first.numel()
sinks = (first > 0.5).sum().item()
previous = (before > 0.5).sum().item()
print(f"weight on later tokens, in all {heads} heads together: {future}")
print(f"heads that give most of their weight to the first token: {sinks}")
print(f"heads that give most of it to the token before: {previous}")

layer = 13
titles = [f"head {number}" for number in range(1, 10)]
plots.heatmaps(maps[layer], titles, tokens, tokens, top=1)
