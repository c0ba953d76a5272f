"""Whisper's attention weights: which share of them belongs to its encoder?"""

heads, sound, written = 4 * 6, 1500, 13  # four layers of six heads on both sides
encoder = heads * sound * sound
cross = heads * written * sound
masked = heads * written * written  # the hidden ones count too: they are computed
encoder_share = encoder / (encoder + cross + masked)
print(f"encoder {encoder:,}, cross {cross:,}, masked {masked:,}: {encoder_share:.1%}")
