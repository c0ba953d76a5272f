"""Layer norm and RMSNorm, on four numbers and against the modules of two models."""

import torch
from transformers import AutoModel

x = torch.tensor([1.0, 7.0, 1.0, 7.0])


def layer_norm(x, eps):
    mean = x.mean(dim=-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(dim=-1, keepdim=True)
    return (x - mean) / (variance + eps) ** 0.5


def rms_norm(x, eps):
    return x / ((x**2).mean(dim=-1, keepdim=True) + eps) ** 0.5


print("x         ", x.tolist())
print("layer norm", layer_norm(x, 0).tolist())
print("RMSNorm   ", [round(number, 2) for number in rms_norm(x, 0).tolist()])

torch.manual_seed(0)
minilm = AutoModel.from_pretrained("models/minilm")
norm = minilm.encoder.layer[0].output.LayerNorm
vectors = 5 + 3 * torch.randn(10, 384)  # (tokens, 384)
with torch.no_grad():
    mine = layer_norm(vectors, norm.eps) * norm.weight + norm.bias
    difference = (mine - norm(vectors)).abs().max().item()

smollm2 = AutoModel.from_pretrained("models/smollm2")
norm = smollm2.layers[0].input_layernorm
vectors = 5 + 3 * torch.randn(10, 576)  # (tokens, 576)
with torch.no_grad():
    mine = rms_norm(vectors, norm.variance_epsilon) * norm.weight
    rms_difference = (mine - norm(vectors)).abs().max().item()
print(f"MiniLM's layer norm, largest difference: {difference:.0e}")
print(f"SmolLM2's RMSNorm, largest difference:   {rms_difference:.0e}")
