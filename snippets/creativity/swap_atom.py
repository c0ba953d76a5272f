"""Change one atom of the starting material, and the guess for the product follows."""

from itertools import permutations

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
model = AutoModelForMaskedLM.from_pretrained("models/rxnmapper")
left = "CN(C)C=O.{}c1ncccc1{}.O=C([O-])[O-].CC(C)S.[K+].[K+]"


def guess(leaves, stays, product=">>CC(C)Sc1ncccc1[MASK]"):
    """The probability of each token in the gap at the end of the product."""
    batch = tokenizer(left.format(leaves, stays) + product, return_tensors="pt")
    with torch.no_grad():
        return model(**batch).logits[0, -2].softmax(dim=-1)  # the last is [SEP]


halogens = ["F", "Cl", "Br", "I"]
ids = tokenizer.convert_tokens_to_ids(halogens)
rows, table = [], []
for atom in [*halogens, ""]:
    row = guess("F", atom)
    table.append(row[ids].tolist())
    rows.append(f"{atom or 'none'} on the left")
    print(f"{rows[-1]}: {tokenizer.decode(row.argmax())} ({row.max():.2f})")
least_copied = min(table[n][n] for n in range(len(halogens)))
none_best = max(table[-1])

first, second, missed = 0, 0, []
for a, b in permutations(range(4), 2):  # two kinds: one beside the nitrogen, one not
    pair = halogens[a], halogens[b]
    first += guess(*pair).argmax().item() == ids[b]
    turned = guess(*pair, ">>CC(C)Sc1cccnc1[MASK]").argmax().item() == ids[a]
    second += turned
    missed += [] if turned else [" and ".join(pair)]
print(f"two kinds, the first leaves: {first} of 12; the second leaves: {second} of 12")
print("missed:", ", ".join(missed))
title = "The product keeps the atom it was given"
ax = plots.heatmap(table, rows, halogens, title, numbers=True, top=1)
ax.tick_params(axis="x", rotation=0)
