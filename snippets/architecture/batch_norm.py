"""The same vector in two batches: what do layer norm and batch norm make of it?"""

import torch
from torch.nn import BatchNorm1d, LayerNorm

vector = torch.tensor([1.0, 7.0, 1.0, 7.0])
near, far = vector - 1, vector * 10  # two companions
layer_norm, batch_norm = LayerNorm(4), BatchNorm1d(4).train()
results = {}
for name, norm in (("layer norm", layer_norm), ("batch norm", batch_norm)):
    results[name] = [norm(torch.stack([vector, other]))[0] for other in (near, far)]
    for company, row in zip(("beside a near one", "beside a far one"), results[name]):
        print(f"{name}, {company:18}", *(f"{number:5.2f}" for number in row.tolist()))
layer_same = torch.equal(*results["layer norm"])
gap = (results["batch norm"][0] - results["batch norm"][1]).abs().max().item()
