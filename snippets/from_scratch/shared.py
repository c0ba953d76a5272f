"""The attention parameters of one block of SmolLM2, with its shared key heads."""

from transformers import AutoConfig

config = AutoConfig.from_pretrained("models/smollm2")
width = config.hidden_size
narrow = width // config.num_attention_heads * config.num_key_value_heads
parameters = width * (width + narrow + narrow + width)  # queries, keys, values, output
print(f"width {width}, keys and values {narrow}: {parameters:,} parameters")
