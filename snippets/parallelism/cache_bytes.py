"""What one token leaves in the KV cache of four models, in bytes, from their plans."""

import torch
from transformers import AutoConfig, AutoModelForCausalLM, GPT2Config, LlamaConfig

torch.set_grad_enabled(False)
both = {"num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32}
llama2 = LlamaConfig(**both, num_key_value_heads=32, intermediate_size=11008,
                     vocab_size=32000, max_position_embeddings=4096)  # fmt: skip
llama3 = LlamaConfig(**both, num_key_value_heads=8, intermediate_size=14336,
                     vocab_size=128256, max_position_embeddings=8192)  # fmt: skip
smollm2 = AutoConfig.from_pretrained("models/smollm2")
plans = {"GPT-2": GPT2Config(), "SmolLM2": smollm2, "Llama 2 7B": llama2,
         "Llama 3 8B": llama3}  # fmt: skip


def per_token(plan, size=2, all_heads=False):  # two bytes a number: bfloat16
    heads = plan.num_attention_heads
    all_heads = all_heads or isinstance(plan, GPT2Config)  # older than shared heads
    key_heads = heads if all_heads else plan.num_key_value_heads
    return 2 * plan.num_hidden_layers * key_heads * (plan.hidden_size // heads) * size


print("| model | token | unshared | weights | equal |")
print("|:---|---:|---:|---:|---:|")
cache, weights, equal_at = {}, {}, {}
for name, plan in plans.items():
    with torch.device("meta"):  # shapes without numbers: takes no memory
        empty = AutoModelForCausalLM.from_config(plan)
    cache[name], shared = per_token(plan), per_token(plan, all_heads=True)
    weights[name] = 2 * sum(weight.numel() for weight in empty.parameters())
    equal_at[name] = -(-weights[name] // cache[name])  # rounded up
    print(f"| {name} | {cache[name] / 1e3:.1f} | {shared / 1e3:.1f}"
          f" | {weights[name] / 1e6:,.0f} | {equal_at[name]:,} |")  # fmt: skip

# The same formula against the tensors of a real cache (four bytes a number here).
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
layers = model(torch.zeros(3, 50, dtype=torch.long)).cache.layers
real_bytes = sum(layer.keys.nbytes + layer.values.nbytes for layer in layers)
formula_bytes = 3 * 50 * per_token(model.config, size=4)

gpt2_cache, smollm2_cache, llama2_cache, llama3_cache = cache.values()
saved = llama2_cache / llama3_cache  # both have 32 layers and 32 query heads of 128
smollm2_equal, llama2_equal, llama3_equal = list(equal_at.values())[1:]
llama2_gigabytes = weights["Llama 2 7B"] / 1e9
llama2_texts = llama2_equal / llama2.max_position_embeddings
