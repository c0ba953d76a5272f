"""The layer beside the library's classes for three models, with random weights."""

import torch
from transformers import AutoModel, MixtralConfig, OlmoeConfig, Qwen3MoeConfig

from snippets.shared.mixture import mixture, off

torch.set_grad_enabled(False)
torch.manual_seed(0)
sizes = {"hidden_size": 32, "intermediate_size": 16, "moe_intermediate_size": 16}
counts = {"num_hidden_layers": 1, "num_local_experts": 8, "num_experts_per_tok": 2}
kinds = {MixtralConfig: True, Qwen3MoeConfig: True, OlmoeConfig: False}
x = torch.randn(1, 50, 32)  # (texts, tokens, width)

print("| model | divided by the sum | largest difference |\n|---|---|--:|")
found = []
for kind, divided in kinds.items():
    other = {"vocab_size": 9, "eos_token_id": 1, "norm_topk_prob": divided}
    block = AutoModel.from_config(kind(**sizes, **counts, **other)).layers[0].mlp
    for weight in block.parameters():
        weight.normal_(std=0.3)
    parts = block.gate.weight, block.experts.gate_up_proj, block.experts.down_proj
    found.append(off(mixture(x[0], *parts, 2, divided), block(x)[0]))
    answer = "yes" if divided else "no"
    print(f"| {kind.model_type} | {answer} | {found[-1]:.1g} |")
most_off = max(found)
