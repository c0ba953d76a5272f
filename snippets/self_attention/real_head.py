"""Queries, keys and values of one head, from MiniLM's own weights, give its own map."""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
sentence = "The robot watered the sunflowers because they were thirsty."
inputs = tokenizer(sentence, return_tensors="pt")
tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])

layer, head, d_k = 5, 11, 32
with torch.no_grad():
    outputs = model(**inputs, output_attentions=True, output_hidden_states=True)
    x = outputs.hidden_states[layer][0]  # (tokens, 384), what layer 6 reads

    linear = model.encoder.layer[layer].attention.self
    mine = slice(head * d_k, (head + 1) * d_k)  # this head's 32 of the 384 rows
    query = x @ linear.query.weight[mine].T + linear.query.bias[mine]  # (tokens, 32)
    key = x @ linear.key.weight[mine].T + linear.key.bias[mine]  # (tokens, 32)
    value = x @ linear.value.weight[mine].T + linear.value.bias[mine]  # (tokens, 32)

scores = query @ key.T / d_k**0.5  # (tokens, tokens)
weights = scores.softmax(dim=-1)  # (tokens, tokens)
output = weights @ value  # (tokens, 32)

theirs = outputs.attentions[layer][0, head]
difference = (weights - theirs).abs().max().item()
print("x", tuple(x.shape), " query", tuple(query.shape), " output", tuple(output.shape))
print(f"largest difference from the model's own map: {difference:.0e}")
plots.heatmap(weights, tokens, tokens, "The same map, from the weights")
