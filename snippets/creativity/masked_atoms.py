"""Each token of a reaction is hidden once, and the model says what was there."""

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
model = AutoModelForMaskedLM.from_pretrained("models/rxnmapper")
reaction = "CN(C)C=O.Fc1ncccc1F.O=C([O-])[O-].CC(C)S.[K+].[K+]>>CC(C)Sc1ncccc1F"

ids = tokenizer(reaction, return_tensors="pt").input_ids[0]
tokens = tokenizer.convert_ids_to_tokens(ids)
places = range(1, len(ids) - 1)  # not [CLS], not [SEP]
hidden = ids.repeat(len(places), 1)  # (gaps, tokens): one copy for each gap
for row, place in enumerate(places):
    hidden[row, place] = tokenizer.mask_token_id
with torch.no_grad():
    logits = model(hidden).logits  # (gaps, tokens, vocabulary)
guesses = logits[range(len(places)), places].softmax(dim=-1)  # (gaps, vocabulary)

gaps = len(places)
right = (guesses.argmax(dim=-1) == ids[1:-1]).sum().item()
print(f"{right} of {gaps} tokens found; the misses:")
for row, place in enumerate(places):
    best = guesses[row].argmax()
    if best != ids[place]:
        before = "".join(tokens[max(place - 4, 1) : place])
        after = "".join(tokens[place + 1 : place + 5])
        said, sure = tokenizer.decode(best), guesses[row, best]
        print(f"{before}«{tokens[place]}»{after}: says {said} ({sure:.2f})")
