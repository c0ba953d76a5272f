"""How many attention weights a translation needs, in the encoder and across."""

source, target, heads = 200, 200, 8
encoder_layers, decoder_layers = 6, 2

self_weights = source * source * heads * encoder_layers
cross_weights = target * source * heads * decoder_layers
print(f"encoder self-attention: {source} × {source} × {heads} × {encoder_layers}"
      f" = {self_weights:,}")
print(f"cross-attention:        {target} × {source} × {heads} × {decoder_layers}"
      f" = {cross_weights:,}")
ratio = self_weights / cross_weights
