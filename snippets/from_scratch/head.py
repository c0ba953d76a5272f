"""One head cut out of the real weights by hand gives the map that the library gives."""

import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

from snippets import plots

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
library = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
text = "The robot watered the sunflowers because they were thirsty."
batch = tokenizer(text, return_tensors="pt")
real = library(**batch, output_hidden_states=True, output_attentions=True)
x = real.hidden_states[0][0]  # (tokens, width): what enters the first layer

weights = load_file("models/minilm/model.safetensors")
layer, head, head_width = 0, 2, 32  # counted from 0: layer 1, head 3 in the text
rows = slice(head * head_width, (head + 1) * head_width)


def project(name):
    """x W_i with the rows of the big matrix that belong to this head."""
    part = f"encoder.layer.{layer}.attention.self.{name}"
    return x @ weights[f"{part}.weight"][rows].T + weights[f"{part}.bias"][rows]


query, key = project("query"), project("key")  # (tokens, head width) each
attention_map = (query @ key.T / head_width**0.5).softmax(dim=-1)  # (tokens, tokens)
difference = (attention_map - real.attentions[layer][0, head]).abs().max().item()
looks_back = attention_map.diagonal(offset=-1)[:-1]  # of all but [CLS] and [SEP]
previous, lowest = looks_back.mean().item(), looks_back.min().item()
print(f"largest difference from the library's map: {difference:.1e}")
print(f"weight on the token before: mean {previous:.3f}, lowest {lowest:.3f}")

tokens = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
plots.heatmap(attention_map, tokens, tokens, "This head looks one token back")
