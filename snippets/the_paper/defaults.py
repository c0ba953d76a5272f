"""PyTorch's Transformer, built without a single argument, has its base sizes."""

import inspect

import torch

signature = inspect.signature(torch.nn.Transformer)
for name in list(signature.parameters)[:6]:
    print(f"{name:20} {signature.parameters[name].default}")

with torch.device("meta"):  # shapes only: no memory is taken
    model = torch.nn.Transformer()
parameters = sum(parameter.numel() for parameter in model.parameters())
print(f"{parameters:,} parameters, embeddings not counted")
