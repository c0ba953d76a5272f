"""A step of the warm-up, and the later step with the same learning rate."""

warmup, early = 4000, 1000
rate = early * warmup**-1.5  # the width multiplies both sides
later = round(rate**-2)  # solves later**-0.5 = rate
print(f"step {early:,} and step {later:,}")
