"""A short reaction, mapped by hand and by head 6 of layer 11."""

from pathlib import Path

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
model = AutoModelForMaskedLM.from_pretrained(
    "models/rxnmapper", attn_implementation="eager"
)
line = Path("snippets/creativity/reactions.txt").read_text("utf-8").splitlines()[1]
reaction, *gold = line.split()
batch = tokenizer(reaction, return_tensors="pt")
tokens = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
atoms = [n for n, token in enumerate(tokens[1:-1], 1) if token.isalpha()]
left = [n for n in atoms if n < tokens.index(">>")]
product = [n for n in atoms if n > tokens.index(">>")]
with torch.no_grad():
    weights = model(**batch, output_attentions=True).attentions[10][0, 5]
looks = weights[product][:, left].argmax(dim=-1) + 1  # atoms are counted from 1
print("product:", *(tokens[n] for n in product))
print("by hand:", *gold)
print("by head:", *looks.tolist())
atoms_asked = len(gold)
agreed = sum(str(head) in hand.split("/") for hand, head in zip(gold, looks.tolist()))
