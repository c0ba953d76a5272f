"""The translation is shifted by one place: given this, the decoder must want that."""

import torch
from torch.nn.functional import cross_entropy
from transformers import AutoTokenizer

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt")
batch = tokenizer("I miss you.", return_tensors="pt", return_token_type_ids=False)
right = tokenizer("Tenho saudades tuas.", return_tensors="pt").input_ids
start = torch.tensor([[model.config.decoder_start_token_id]])
given, wanted = torch.cat([start, right[:, :-1]], dim=1), right  # (1, target)
with torch.no_grad():
    logits = model(**batch, decoder_input_ids=given).logits[0]  # (target, vocabulary)
    library = model(**batch, labels=wanted).loss.item()
    alone = torch.cat([  # the same, one place after the other
        model(**batch, decoder_input_ids=given[:, : t + 1]).logits[0, -1:]
        for t in range(given.shape[1])
    ])  # fmt: skip
probabilities = logits.softmax(dim=-1)
print("given      wanted     probability   its own choice")
for t, piece in enumerate(wanted[0]):
    row = probabilities[t]
    words = tokenizer.convert_ids_to_tokens([given[0, t], piece, row.argmax()])
    words[0] = "(start)" if t == 0 else words[0]
    print(f"{words[0]:10} {words[1]:10} {row[piece]:11.3f}   {words[2]}")
loss = cross_entropy(logits, wanted[0]).item()
print(f"loss: {loss:.3f}, by the library: {library:.3f}")
difference = (logits - alone).abs()[:, :-1].max().item()  # the last: never the start
print(f"largest difference to one place at a time: {difference:.0e}")
