"""What the KV cache of SmolLM2 holds, in bytes, and that old entries never change."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)
text = "The robot watered the sunflowers because they were thirsty."
ids = tokenizer(text, return_tensors="pt").input_ids
past = model(ids).cache

keys = past.layers[0].keys  # (texts, key heads, tokens, width)
held = sum(x.nbytes for layer in past.layers for x in (layer.keys, layer.values))
print("layers:", len(past.layers), " keys of one layer:", tuple(keys.shape))
print(f"held for {ids.shape[1]} tokens: {held:,} bytes")

config = model.config
width = config.hidden_size // config.num_attention_heads
numbers = 2 * config.num_hidden_layers * config.num_key_value_heads * width
per_token = numbers * 4  # a float32 has four bytes
print(f"per token: 2 · {config.num_hidden_layers} layers · {config.num_key_value_heads}"
      f" heads · {width} numbers · 4 bytes = {per_token:,} bytes")  # fmt: skip
equal = held == per_token * ids.shape[1]
kilobytes = per_token / 1000
shown_megabytes = per_token * 256 / 1e6
longest = config.max_position_embeddings
full_megabytes = per_token * longest / 1e6
model_megabytes = sum(p.nbytes for p in model.parameters()) / 1e6
groups = config.num_attention_heads // config.num_key_value_heads

shorter = [layer.keys for layer in model(ids[:, :5]).cache.layers]
changes = [(a.keys[:, :, :5] - b).abs().max() for a, b in zip(past.layers, shorter)]
change, size = max(changes).item(), min(keys.abs().max() for keys in shorter).item()
print(f"largest key number of the first 5 tokens, in each layer: at least {size:.0f}")
print(f"changed by the text behind them, in all layers: at most {change:.6f}")
