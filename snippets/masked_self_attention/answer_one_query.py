"""One new query, six cached keys: is_causal=True counts from the wrong corner."""

import torch
from torch.nn.functional import scaled_dot_product_attention

torch.manual_seed(0)
query, key, value = torch.randn(3, 1, 6, 8)  # three of (1, tokens, width)
whole = scaled_dot_product_attention(query, key, value, is_causal=True)
last = query[:, -1:]  # the newest token alone, as in decoding with a cache

flagged = scaled_dot_product_attention(last, key, value, is_causal=True)
plain = scaled_dot_product_attention(last, key, value)
wrong = (flagged - whole[:, -1:]).abs().max().item()
right = (plain - whole[:, -1:]).abs().max().item()
sees_only_the_first = torch.allclose(flagged, value[:, :1])
print(f"is_causal=True differs by {wrong:.2f}; no mask at all differs by {right:.1g}")
print("with is_causal=True the query saw the first key only:", sees_only_the_first)
