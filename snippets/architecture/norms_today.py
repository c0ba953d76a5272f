"""Where the norms stand in newer designs: small copies, with random parameters."""

import torch
from transformers import (
    Gemma2Config,
    Gemma2Model,
    Gemma3TextConfig,
    Gemma3TextModel,
    LlamaConfig,
    LlamaModel,
    Olmo2Config,
    Olmo2Model,
    Qwen3Config,
    Qwen3Model,
)  # fmt: skip

size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
        "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
        "vocab_size": 50, "pad_token_id": 0, "eos_token_id": 1}  # fmt: skip
parts = {"self_attn": "attention", "mlp": "feed-forward"}


def order(model):
    """The parts of its block, in the order in which they end; and q/k norms."""
    ran, block = [], model.layers[0]
    for name, module in block.named_children():
        part = parts.get(name, "norm")
        module.register_forward_hook(lambda a, b, c, part=part: ran.append(part))
    with torch.no_grad():
        model(torch.tensor([[5, 6, 7]]))
    return ran, "q_norm" in dict(block.self_attn.named_children())


designs = {"Llama (2023)": LlamaModel(LlamaConfig(**size)),
           "Gemma 2 (2024)": Gemma2Model(Gemma2Config(**size)),
           "OLMo 2 (2024)": Olmo2Model(Olmo2Config(**size)),
           "Gemma 3 (2025)": Gemma3TextModel(Gemma3TextConfig(**size)),
           "Qwen3 (2025)": Qwen3Model(Qwen3Config(**size))}  # fmt: skip
print("| design | one block, in order | norms of queries and keys? |\n|---|---|---|")
found = {}
for name, model in designs.items():
    ran, inside = found[name] = order(model)
    print(f"| {name} | {' → '.join(ran)} | {'yes' if inside else 'no'} |")

with_inner, all_designs = sum(inside for _, inside in found.values()), len(found)
