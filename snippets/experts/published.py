"""Weights of published models, and those used for a token, from their sizes."""

import torch
import transformers
from transformers import AutoModelForCausalLM

configs = {
    "OLMoE-1B-7B": transformers.OlmoeConfig(
        hidden_size=2048, num_hidden_layers=16, num_attention_heads=16,
        num_key_value_heads=16, vocab_size=50304,
        intermediate_size=1024, num_experts=64, num_experts_per_tok=8),
    "gpt-oss-20b": transformers.GptOssConfig(
        hidden_size=2880, num_hidden_layers=24, num_attention_heads=64, head_dim=64,
        num_key_value_heads=8, vocab_size=201088,
        intermediate_size=2880, num_local_experts=32, num_experts_per_tok=4),
    "Qwen3-30B-A3B": transformers.Qwen3MoeConfig(
        hidden_size=2048, num_hidden_layers=48, num_attention_heads=32, head_dim=128,
        num_key_value_heads=4, vocab_size=151936,
        moe_intermediate_size=768, num_experts=128, num_experts_per_tok=8),
    "Mixtral 8x7B": transformers.MixtralConfig(
        hidden_size=4096, num_hidden_layers=32, num_attention_heads=32,
        num_key_value_heads=8, vocab_size=32000,
        intermediate_size=14336, num_local_experts=8, num_experts_per_tok=2),
    "DeepSeek-V3": transformers.DeepseekV3Config(
        hidden_size=7168, num_hidden_layers=61, num_attention_heads=128,
        q_lora_rank=1536, kv_lora_rank=512, vocab_size=129280,
        intermediate_size=18432, first_k_dense_replace=3, n_shared_experts=1,
        moe_intermediate_size=2048, n_routed_experts=256, num_experts_per_tok=8),
}  # fmt: skip
print("| model | experts, used | 10⁹ weights | for a token | without token table |")
print("|---|---|--:|--:|--:|")
total, used, looked_up = {}, {}, {}
for name, config in configs.items():
    with torch.device("meta"):  # shapes and no numbers
        model = AutoModelForCausalLM.from_config(config)
    sizes = {name: weight.numel() for name, weight in model.named_parameters()}
    routed = sum(size for path, size in sizes.items() if ".experts." in path)
    count, top = config.num_local_experts, config.num_experts_per_tok
    total[name] = sum(sizes.values()) / 1e9
    used[name] = total[name] - routed / 1e9 * (1 - top / count)
    looked_up[name] = used[name] - model.get_input_embeddings().weight.numel() / 1e9
    numbers = f"{total[name]:.1f} | {used[name]:.2f} | {looked_up[name]:.2f}"
    print(f"| {name} | {count}, {top} | {numbers} |")
olmoe, oss, qwen3, mixtral, deepseek = total.values()
olmoe_used, oss_used, qwen3_used, mixtral_used, deepseek_used = used.values()
olmoe_looked_up, oss_looked_up = looked_up["OLMoE-1B-7B"], looked_up["gpt-oss-20b"]
deepseek_gb, deepseek_read_gb = 2 * deepseek, 2 * looked_up["DeepSeek-V3"]
