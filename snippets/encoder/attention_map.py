"""The attention map of one encoder head: every token may look both ways."""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")

sentence = "The dog chased the ball because it was bored."
inputs = tokenizer(sentence, return_tensors="pt")
with torch.no_grad():
    attentions = encoder(**inputs, output_attentions=True).attentions

weights = attentions[5][0, 11]  # layer 6, head 12: (queries, keys)
tokens = inputs.tokens()
it, dog, ball = (tokens.index(word) for word in ("it", "dog", "ball"))
it_to_dog, it_to_ball = weights[it, dog], weights[it, ball]
rows_sum_to = weights.sum(-1).mean()
right_of_itself = sum(a[0].triu(1).sum() for a in attentions) / (
    sum(a[0].sum() for a in attentions)
)
print(f"it → dog {it_to_dog:.2f}, it → ball {it_to_ball:.2f}")
print(f"weight on later tokens, all 72 heads: {right_of_itself:.0%}")
plots.heatmap(weights, tokens, tokens, "it looks at the dog, not at the ball")
