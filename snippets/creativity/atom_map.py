"""Does one head look from each atom of the product to the atom that it was before?"""

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
model = AutoModelForMaskedLM.from_pretrained(
    "models/rxnmapper", attn_implementation="eager"
)
reaction = "CN(C)C=O.Fc1ncccc1F.O=C([O-])[O-].CC(C)S.[K+].[K+]>>CC(C)Sc1ncccc1F"
by_hand = [(18, 20), (19,), (18, 20), (21,), *[(n,) for n in range(7, 14)]]

batch = tokenizer(reaction, return_tensors="pt")
tokens = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
atoms = [n for n, token in enumerate(tokens[1:-1], 1) if any(map(str.isalpha, token))]
arrow = tokens.index(">>")
left = [n for n in atoms if n < arrow]
right = [n for n in atoms if n > arrow]
with torch.no_grad():
    attentions = model(**batch, output_attentions=True).attentions
weights = attentions[10][0, 5][right][:, left]  # (product atoms, atoms on the left)

correct = 0
for row, answers in zip(weights, by_hand):
    correct += row.argmax().item() + 1 in answers
product_atoms, left_atoms = len(right), len(left)
print(f"{correct} of {product_atoms} atoms as by hand, among {left_atoms} on the left")
rows = [f"{tokens[n]} {k}" for k, n in enumerate(right, 1)]
columns = [f"{tokens[n]} {k}" for k, n in enumerate(left, 1)]
title = f"{correct} of {product_atoms} look at where they came from"
plots.heatmap(weights, rows, columns, title)
