"""Teacher forcing scores any translation: which one does the model find likelier?"""

from math import exp

import torch
from transformers import AutoTokenizer

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt")
english = "It is raining cats and dogs."
batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
scores = []
for portuguese in ("Está chovendo gatos e cães.", "Está chovendo muito."):
    labels = tokenizer(portuguese, return_tensors="pt").input_ids
    with torch.no_grad():
        mean = model(**batch, labels=labels).loss.item()  # over the pieces
    scores.append(mean * labels.shape[1])
    print(f"{portuguese:28} pieces: {labels.shape[1]}, log-probability:"
          f" {-scores[-1]:.1f}")  # fmt: skip
literal, meant = (-score for score in scores)
probability = exp(literal)
print(f"probability of the first: {probability:.2f}")
