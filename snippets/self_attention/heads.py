"""The twelve attention maps of one layer of MiniLM, for one sentence."""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
inputs = tokenizer("The robot watered the sunflowers.", return_tensors="pt")
tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
with torch.no_grad():
    outputs = model(**inputs, output_attentions=True)

weights = outputs.attentions[1][0]  # (heads, tokens, tokens), layer 2
print(tuple(weights.shape))
titles = [f"head {head}" for head in range(1, 13)]
plots.heatmaps(weights, titles, tokens, tokens)
