"""SmolLM2's gated feed-forward network (SwiGLU), written out and checked."""

import torch
import torch.nn.functional as F
from transformers import AutoModel

torch.manual_seed(0)
model = AutoModel.from_pretrained("models/smollm2")
mlp = model.layers[0].mlp
x = torch.randn(5, 576)  # (tokens, 576)
with torch.no_grad():
    gate = F.silu(x @ mlp.gate_proj.weight.T)  # (tokens, 1536), number by number
    up = x @ mlp.up_proj.weight.T  # (tokens, 1536), what would pass
    output = (gate * up) @ mlp.down_proj.weight.T  # (tokens, 576)
    difference = (output - mlp(x)).abs().max().item()

matrices = len(list(mlp.parameters()))
print(f"{matrices} matrices, no bias; largest difference {difference:.1g}")
