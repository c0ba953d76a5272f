"""Two models and one text of ten tokens: which one has the lower perplexity?"""

import torch

steady = torch.full((10,), 0.1)  # each right token got one in ten
bold = torch.tensor([1.0] * 9 + [1e-10])  # sure of nine, and wrong about one
for name, right in {"steady": steady, "bold": bold}.items():
    loss = -right.log().mean()
    sure = (right > 0.5).sum().item()
    print(f"{name:6} sure of {sure}, perplexity {loss.exp():.1f}")
