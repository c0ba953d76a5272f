"""Numbers for the exercises: a vocabulary that fits, the price of length, one head."""

d, stated = 512, 65e6
blocks = 63_082_496 - 37_000 * d  # the base model without its table
fitting = (stated - blocks) / d
print(f"65 million parameters would need a table of {fitting:,.0f} rows")

# Section 4 of the paper compares these two.
print(f"{'tokens':>6}{'attention, n²d':>18}{'recurrent, nd²':>17}")
for n in (32, 512, 8192):
    print(f"{n:6,}{n * n * d:18,}{n * d * d:17,}")
equal_at = d

width, heads = 512, 8
one_wide_head = 4 * (width * width + width)
eight_heads = heads * 3 * (width * 64 + 64) + (heads * 64 * width + width)
print(f"one head of 512: {one_wide_head:,}; eight heads of 64: {eight_heads:,}")
factor = (8192 * 8192 * d) / (8192 * d * d)
print(f"at 8,192 tokens self-attention needs {factor:.0f} times the operations")

# With what the table leaves out: four projections, and the map used twice.
print(f"{'tokens':>6}{'4nd² + 2n²d':>18}{'2nd²':>17}")
whole = {}
for n in (32, 512, 8192):
    attention, recurrent = 4 * n * d * d + 2 * n * n * d, 2 * n * d * d
    whole[n] = attention / recurrent
    print(f"{n:6,}{attention:18,}{recurrent:17,}")
whole_32 = whole[32]
equal_lstm = (8 - 4) * d / 2  # where 4nd² + 2n²d is 8nd², four times a plain layer's
