"""Ids mean something only to the tokenizer that made them: one model's, read by another's."""

from transformers import AutoTokenizer

text = "The robot watered the sunflowers because they were thirsty."
one = AutoTokenizer.from_pretrained("models/minilm")
other = AutoTokenizer.from_pretrained("models/smollm2")

ids = one(text, add_special_tokens=False).input_ids
print("Written by MiniLM's tokenizer:", one.decode(ids))
print("Read by SmolLM2's tokenizer:  ", other.decode(ids))

highest, rows = max(ids), len(other)
print(f"\nHighest id {highest}, rows in SmolLM2's table {rows}: no error is raised.")
