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
heads = first.numel()
sinks = (first > 0.5).sum().item()
in_each_row = (maps[:, :, 2:, 0] > 0.5).all(dim=-1).sum().item()
print(f"weight on later tokens, in all {heads} heads together: {future}")
print(f"heads that give most of their weight to the first token: {sinks}")

counts = []  # of such heads, on other sentences, each begun as in training
for text in open("snippets/decoder/beginnings.txt", encoding="utf-8"):
    begun = tokenizer("<|endoftext|>" + text.strip(), return_tensors="pt")
    with torch.no_grad():
        others = torch.cat(model(**begun, output_attentions=True).attentions)
    counts.append((others[:, :, 2:, 0].mean(dim=-1) > 0.5).sum().item())
sentences, fewest, most = len(counts), min(counts), max(counts)
print(f"on {sentences} sentences behind the end of a text: {fewest} to {most}")

layer = 13
titles = [f"head {number}" for number in range(1, 10)]
plots.heatmaps(maps[layer], titles, tokens, tokens, top=1)
