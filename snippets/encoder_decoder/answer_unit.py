"""What the recurrent unit saves: parameters, and numbers to keep for the next word."""

from torch import nn

from snippets.shared.translator import Translator

model = Translator.from_pretrained("models/en-pt")
unit = model.model.decoder.layers[0].self_attn
attention = nn.MultiheadAttention(256, num_heads=8)
in_the_unit = sum(p.numel() for p in unit.parameters())
in_attention = sum(p.numel() for p in attention.parameters())
print(f"parameters: {in_the_unit:,} in the unit, {in_attention:,} in self-attention")
for written in (1, 10, 100):
    keys_and_values = 2 * written * 256
    print(f"{written:3} written: keep 256 numbers, or {keys_and_values:,}")
ratio = keys_and_values / 256
