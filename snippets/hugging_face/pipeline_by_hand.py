"""A pipeline for personal data, and the same by tokenizer, model and argmax."""

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

text = "My name is Anna Schmidt and I live in Lisbon."
tagger = pipeline("token-classification", model="models/pii")
by_pipeline = [(found["word"], found["entity"]) for found in tagger(text)]

tokenizer = AutoTokenizer.from_pretrained("models/pii")
model = AutoModelForTokenClassification.from_pretrained("models/pii")
inputs = tokenizer(text, return_tensors="pt")
with torch.no_grad():
    logits = model(**inputs).logits[0]  # (tokens, labels)
tokens = tokenizer.convert_ids_to_tokens(inputs.input_ids[0])
labels = [model.config.id2label[best] for best in logits.argmax(dim=-1).tolist()]
by_hand = [pair for pair in zip(tokens, labels) if pair[1] != "O"]

for word, label in by_pipeline:
    print(f"{word:10} {label}")
same = by_pipeline == by_hand
print("by hand the same:", same)

for strategy in ("simple", "first"):
    found = tagger(text, aggregation_strategy=strategy)
    cities = [one["word"] for one in found if one["entity_group"] == "CITY"]
    print(f"joined by {strategy!r}, cities: {cities}")
last_city = cities[0]
