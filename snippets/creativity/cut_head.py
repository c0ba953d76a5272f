"""Take out one head at a time: which one does the guess for the product need?"""

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
model = AutoModelForMaskedLM.from_pretrained("models/rxnmapper")
reaction = "CN(C)C=O.Fc1ncccc1{}.O=C([O-])[O-].CC(C)S.[K+].[K+]>>CC(C)Sc1ncccc1[MASK]"
layer = model.albert.encoder.albert_layer_groups[0].albert_layers[0]  # the only one
join = layer.attention.dense.weight  # (256, 256): its columns read the joined heads
intact = join.detach().clone()
size = 256 // 8  # columns per head

halogens = ["F", "Cl", "Br", "I"]
ids = tokenizer.convert_tokens_to_ids(halogens)
rows, table, kept = ["none"], [], []
with torch.no_grad():
    for head in range(-1, 8):  # -1: none is taken out
        join.copy_(intact)
        if head >= 0:
            join[:, head * size : (head + 1) * size] = 0
            rows.append(f"head {head + 1}")
        texts = tokenizer([reaction.format(x) for x in halogens], return_tensors="pt")
        guesses = model(**texts).logits[:, -2].softmax(dim=-1)  # (texts, vocabulary)
        table.append(guesses[range(4), ids].tolist())
        kept.append((guesses.argmax(dim=-1) == torch.tensor(ids)).sum().item())
        said = " ".join(tokenizer.convert_ids_to_tokens(guesses.argmax(dim=-1)))
        print(f"without {rows[-1]}: {said}")

without_6 = max(table[6])
others_kept = sum(kept[1:]) - kept[6]
title = "Without head 6 the atom is not found"
ax = plots.heatmap(table, rows, halogens, title, numbers=True, top=1)
ax.tick_params(axis="x", rotation=0)
