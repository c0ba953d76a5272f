"""The cross-attention weights that Whisper computes for eleven rows of its decoder."""

from transformers import AutoConfig

config = AutoConfig.from_pretrained("models/whisper")
maps = config.decoder_layers * config.decoder_attention_heads
cells = 11 * config.max_source_positions
weights = maps * cells
print(f"{maps} maps of {cells:,} cells: {weights:,} weights")
