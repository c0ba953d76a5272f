"""One triangle of True and False, two functions of PyTorch, two meanings."""

import torch
from torch.nn.functional import scaled_dot_product_attention

torch.manual_seed(0)
layer = torch.nn.MultiheadAttention(embed_dim=8, num_heads=2, batch_first=True)
text = torch.randn(1, 5, 8)  # (texts, tokens, width)
other = text.clone()
other[0, -1] += 1  # another last token
lower = torch.ones(5, 5, dtype=torch.bool).tril()  # True: itself and the past


def function(x, mask):
    return scaled_dot_product_attention(x, x, x, attn_mask=mask)


def module(x, mask):
    return layer(x, x, x, attn_mask=mask, need_weights=False)[0]


leaks = {}
print("True means            first token moves by   last token is")
for attend in (function, module):
    for name, mask in (("the past", lower), ("the future", ~lower)):
        one, two = attend(text, mask)[0], attend(other, mask)[0]
        moved = (one - two)[0].abs().max().item()
        leaks[attend.__name__, name] = moved
        last = "nan" if one[-1].isnan().any() else f"{one[-1].norm():.2f} long"
        print(f"{name:<12}{attend.__name__:<9} {moved:9.3f}              {last}")
function_past, function_future, module_past, module_future = leaks.values()
