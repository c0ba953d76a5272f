"""LoRA on the last two layers of SmolLM2: its size, its start, and its merging."""

import torch
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.shared.lora import LoRA, replace

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2").requires_grad_(False)
ids = tokenizer("<|endoftext|>The robot waters the sunflowers.", return_tensors="pt")
total = model.num_parameters()
matrices = [m for m in model.model.layers[-2:].modules() if isinstance(m, nn.Linear)]
full = sum(m.weight.numel() for m in matrices)
print("| trained | numbers | of these matrices | of the model |\n|---|--:|--:|--:|")
for rank in (1, 8, 64):
    thin = rank * sum(m.in_features + m.out_features for m in matrices)
    shares = f"{thin / full:.1%} | {thin / total:.2%}"
    print(f"| LoRA, rank {rank} | {thin:,} | {shares} |")
print(f"| the {len(matrices)} matrices | {full:,} | 100.0% | {full / total:.2%} |")

torch.manual_seed(0)
before = model(**ids).logits
replace(model.model.layers[-2:], nn.Linear, lambda matrix: LoRA(matrix, rank=8))
at_start = (model(**ids).logits - before).abs().max().item()
for part in model.modules():
    if isinstance(part, LoRA):  # as if it had been trained
        part.up.weight.data.normal_(std=0.02)
beside = model(**ids).logits
moved = (beside - before).abs().max().item()
replace(model.model.layers[-2:], LoRA, LoRA.merged)
merged_off = (model(**ids).logits - beside).abs().max().item()
print(f"\nLargest difference of a logit: at the start {at_start:g};")
print(f"after a change of B {moved:.1f}; between beside and merged {merged_off:.0e}.")
count, rank_8, parameters = len(matrices), 8 * thin // 64, model.num_parameters()
same_size = parameters == total
