"""What a learned position table does with a text that is longer than the table."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
story = "The robot watered the sunflowers. " * 100
endings = ["Then it rained.", "Then the cat stole the watering can."]

inputs = tokenizer(story, return_tensors="pt")
tokens = inputs.input_ids.shape[1]
rows = model.config.max_position_embeddings
try:
    model(**inputs)
    error = "none"
except (IndexError, RuntimeError) as problem:
    error = type(problem).__name__
print(f"{tokens} tokens, {rows} positions: {error}")

vectors = []
for ending in endings:
    inputs = tokenizer(
        story + ending, truncation=True, max_length=rows, return_tensors="pt"
    )
    with torch.no_grad():
        vectors.append(model(**inputs).last_hidden_state.mean(dim=1))
identical = torch.equal(*vectors)
print(f"cut to {rows}, two endings give one vector: {identical}")
