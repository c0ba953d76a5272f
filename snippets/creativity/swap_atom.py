"""Change one atom of the starting material, and the guess for the product follows."""

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
model = AutoModelForMaskedLM.from_pretrained("models/rxnmapper")
left = "CN(C)C=O.Fc1ncccc1{}.O=C([O-])[O-].CC(C)S.[K+].[K+]"
right = ">>CC(C)Sc1ncccc1[MASK]"

halogens = ["F", "Cl", "Br", "I"]
rows, table = [], []
for atom in halogens + ["nothing"]:
    text = right if atom == "nothing" else left.format(atom) + right
    with torch.no_grad():
        logits = model(**tokenizer(text, return_tensors="pt")).logits
    guess = logits[0, -2].softmax(dim=-1)  # (vocabulary): [SEP] comes after the gap
    table.append(guess[tokenizer.convert_tokens_to_ids(halogens)].tolist())
    rows.append(f"{atom} on the left" if atom != "nothing" else "no left side")
    print(f"{rows[-1]}: {tokenizer.decode(guess.argmax())} ({guess.max():.2f})")

least_copied = min(table[n][n] for n in range(len(halogens)))
blind_best = max(table[-1])
title = "The product keeps the atom it was given"
ax = plots.heatmap(table, rows, halogens, title, numbers=True, top=1)
ax.tick_params(axis="x", rotation=0)
