"""Four queries of zeros under a causal mask: what does each position hand on?"""

import torch
from torch.nn.functional import scaled_dot_product_attention

query = torch.zeros(4, 8)  # asks for nothing
key = torch.arange(32.0).reshape(4, 8)
value = torch.tensor([[10], [20], [30], [40.0]])

result = scaled_dot_product_attention(query, key, value, is_causal=True)
print(result.flatten().tolist())
