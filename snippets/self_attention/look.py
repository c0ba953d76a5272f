"""One word, and how much one head of MiniLM lets it take from each token."""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")

sentence = "The robot watered the sunflowers because they were thirsty."
inputs = tokenizer(sentence, return_tensors="pt")
tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
with torch.no_grad():
    outputs = model(**inputs, output_attentions=True)

layer, head = 5, 11  # counted from 0: layer 6, head 12
weights = outputs.attentions[layer][0, head]  # (tokens, tokens)
they = weights[tokens.index("they")]  # (tokens,)

flower = slice(tokens.index("sun"), tokens.index("##s") + 1)
sunflowers = they[flower].sum().item()
robot = they[tokens.index("robot")].item()
total = they.sum().item()
print(f"from sun ##flower ##s: {sunflowers:.2f}")
print(f"from robot:            {robot:.2f}")
print(f"from all tokens:       {total:.2f}")

is_flower = [token in tokens[flower] for token in tokens]
title = "“they”: most from “sunflowers”, pieces added"
plots.bars(tokens, they, is_flower, title, ".2f")
