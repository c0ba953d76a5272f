"""A layer of experts written out, held to a dense layer and to three in the library."""

import torch
from torch.nn.functional import silu
from transformers import AutoModel, MixtralConfig, OlmoeConfig, Qwen3MoeConfig

torch.set_grad_enabled(False)
torch.manual_seed(0)


def mixture(x, router, up, down, top, normalized):
    probabilities = (x @ router.T).softmax(-1)  # (tokens, experts)
    weights, chosen = probabilities.topk(top)  # (tokens, top), both
    if normalized:
        weights = weights / weights.sum(-1, keepdim=True)
    result = torch.zeros_like(x)  # (tokens, width)
    for expert in range(len(router)):
        token, place = (chosen == expert).nonzero(as_tuple=True)  # who chose it
        gate, value = (x[token] @ up[expert].T).chunk(2, dim=-1)  # (its tokens, inner)
        made = (silu(gate) * value) @ down[expert].T  # (its tokens, width)
        result[token] += weights[token, place, None] * made
    return result


def off(mine, theirs):
    """The largest difference, as a share of the largest number."""
    return ((mine - theirs).abs().max() / theirs.abs().max()).item()


mlp = AutoModel.from_pretrained("models/smollm2").layers[9].mlp
up, down = torch.cat([mlp.gate_proj.weight, mlp.up_proj.weight]), mlp.down_proj.weight
x, rows = torch.randn(50, 576), []
for count, top, normalized in (1, 1, True), (8, 2, True), (8, 2, False):
    parts = torch.randn(count, 576) / 24, *(w.expand(count, -1, -1) for w in (up, down))
    found = off(mixture(x, *parts, top, normalized), mlp(x))
    rows.append((f"SmolLM2 × {count}", count, top, normalized, found))
x = torch.randn(1, 50, 32)
sizes = {"hidden_size": 32, "intermediate_size": 16, "moe_intermediate_size": 16}
for kind, normalized in (MixtralConfig, True), (Qwen3MoeConfig, True), (OlmoeConfig, 0):
    counts = {"num_hidden_layers": 1, "num_local_experts": 8, "num_experts_per_tok": 2}
    other = {"vocab_size": 9, "eos_token_id": 1, "norm_topk_prob": bool(normalized)}
    config = kind(**sizes, **counts, **other)
    theirs = AutoModel.from_config(config).layers[0].mlp
    for weight in theirs.parameters():
        weight.normal_(std=0.3)
    parts = theirs.gate.weight, theirs.experts.gate_up_proj, theirs.experts.down_proj
    found = off(mixture(x[0], *parts, 2, normalized), theirs(x)[0])
    rows.append((kind.model_type, 8, 2, normalized, found))
print("| beside | experts | used | sum to one | off |\n|---|--:|--:|---|--:|")
for name, count, top, normalized, found in rows:
    print(f"| {name} | {count} | {top} | {bool(normalized)} | {found:.1g} |")
one, alike, smaller, *library = (row[-1] for row in rows)
most_off = max(one, alike, *library)
