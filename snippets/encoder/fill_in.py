"""A masked language model fills in each hidden token of a molecule, one at a time."""

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
model = AutoModelForMaskedLM.from_pretrained("models/rxnmapper")

aspirin = "CC(=O)Oc1ccccc1C(=O)O"
ids = tokenizer(aspirin, return_tensors="pt").input_ids  # (1, tokens)
tokens, right, sure = [], [], []
for place in range(1, ids.shape[1] - 1):
    hidden = ids.clone()
    hidden[0, place] = tokenizer.mask_token_id
    with torch.no_grad():
        probabilities = model(hidden).logits[0, place].softmax(-1)  # (vocabulary,)
    tokens.append(tokenizer.convert_ids_to_tokens(ids[0, place].item()))
    right.append(probabilities.argmax() == ids[0, place])
    sure.append(probabilities[ids[0, place]])
    if place in (4, 7, 12):
        best = probabilities.topk(3)
        guesses = zip(tokenizer.convert_ids_to_tokens(best.indices), best.values)
        shown = ", ".join(f"{token} {chance:.2f}" for token, chance in guesses)
        print(f"hidden: {tokens[-1]}   guesses: {shown}")

count, correct = len(tokens), sum(right).item()
print(f"{correct} of {count} tokens of aspirin filled in right")
labels = [f"{number + 1}  {token}" for number, token in enumerate(tokens)]
plots.bars(labels, sure, kept=right, title="All but one filled in right", unit=".2f")
