"""An encoder turns each token of a sentence into one vector, all in one pass."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm")

sentence = "The robot watered the sunflowers because they were thirsty."
inputs = tokenizer(sentence, return_tensors="pt")
with torch.no_grad():
    output = encoder(**inputs)

tokens = inputs.tokens()
hidden = output.last_hidden_state[0]  # (tokens, width)
token_count, width = hidden.shape
for token, vector in list(zip(tokens, hidden))[:7]:
    first = " ".join(f"{number:6.2f}" for number in vector[:5])
    print(f"{token:<8} {first}  …")
print(f"…\n{token_count} tokens, {width} numbers each")
