"""The equation of attention in PyTorch, equal to the library's function."""

import torch
import torch.nn.functional as F

from snippets import plots


def attention(query, key, value):
    d_k = query.shape[-1]
    scores = query @ key.transpose(-2, -1) / d_k**0.5  # (tokens, tokens)
    weights = scores.softmax(dim=-1)  # (tokens, tokens), each row sums to 1
    return weights @ value, weights  # (tokens, d_v), (tokens, tokens)


query = torch.tensor([[2.0, 2, 0, 0], [0, 2, 2, 0], [0, 0, 0, 2]])  # (tokens, d_k)
key = torch.tensor([[1.0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]])  # (tokens, d_k)
value = torch.tensor([[10.0, 0], [0, 10], [10, 10]])  # (tokens, d_v)

output, weights = attention(query, key, value)
library = F.scaled_dot_product_attention(query[None], key[None], value[None])[0]
print(output)
print("the library's function:")
print(library)
difference = (output - library).abs().max().item()
print("largest difference:", f"{difference:.0e}" if difference else "none")

robot_first, robot_second = output[0].tolist()
words = ["robot", "watered", "flowers"]
plots.heatmap(weights, words, words, "Each row sums to one", numbers=True)
