"""Numbers for the exercises: a bigger model, a norm by hand, and a stranger."""

import torch
from transformers import AutoConfig, AutoModel

d, f, vocabulary = 768, 3072, 30522
layer = 4 * (d * d + d) + (d * f + f + f * d + d) + 4 * d
embeddings = vocabulary * d + 512 * d + 2 * d + 2 * d
base = embeddings + 12 * layer + d * d + d
config = AutoConfig.for_model("bert", hidden_size=d, intermediate_size=f,
                              num_hidden_layers=12, num_attention_heads=12)  # fmt: skip
with torch.device("meta"):  # shapes only: no memory is taken
    counted = AutoModel.from_config(config).num_parameters()
print(f"by formula {base:,}, built from its config {counted:,}")

x = torch.tensor([2.0, 2.0, 4.0, 8.0])
normed = torch.nn.functional.layer_norm(x, (4,))
shifted = torch.nn.functional.layer_norm(x + 100, (4,))
tenfold = torch.nn.functional.layer_norm(10 * x, (4,))
print("layer norm of (2, 2, 4, 8):", [round(number, 2) for number in normed.tolist()])
unchanged = (shifted - normed).abs().max().item() < 1e-3
unchanged_tenfold = (tenfold - normed).abs().max().item() < 1e-3
print("the same after adding 100:", unchanged, " after times 10:", unchanged_tenfold)

rms = (x**2).mean().item() ** 0.5
rms_first = (x / rms)[0].item()
rms_shifted = ((x + 100) / ((x + 100) ** 2).mean() ** 0.5)[0].item()
print(f"RMSNorm, first number: {rms_first:.2f}, after adding 100: {rms_shifted:.2f}")

pii, ran = AutoModel.from_pretrained("models/pii"), []
for name, module in pii.encoder.layer[5].named_modules():
    if "LayerNorm" in name or name.endswith(("query", "intermediate.dense")):
        module.register_forward_hook(lambda a, b, c, name=name: ran.append(name))
with torch.no_grad():
    pii(torch.tensor([[5, 6, 7]]))
places = {"query": "attention", "dense": "feed-forward", "LayerNorm": "norm"}
stranger = " → ".join(places[name.split(".")[-1]] for name in ran)
print("pii:", stranger)
