"""Ids mean something only to the tokenizer that made them, not to another."""

from transformers import AutoTokenizer

text = "The robot watered the sunflowers because they were thirsty."
one = AutoTokenizer.from_pretrained("models/minilm")
other = AutoTokenizer.from_pretrained("models/smollm2")

ids = one(text, add_special_tokens=False).input_ids
print("Written by MiniLM's tokenizer:")
print("  ", one.decode(ids))
print("Read by SmolLM2's tokenizer:")
print("  ", other.decode(ids))

highest, rows = max(ids), len(other)
print(f"\nhighest id {highest:,}, rows in its table {rows:,}")
