"""The answers of the exercises on what goes on between the layers."""

from math import comb, log

layers, heads, off = 30, 9, 8
sets = comb(layers * heads, off)  # ways to choose eight of 270 heads
print(f"sets of {off} heads: {sets:.1e}")

vocabulary, half = 49_152, 25
blind = log(vocabulary)  # nothing known: all tokens alike
inside = log(half)  # known: one of the tokens of the first half
print(f"loss of a blind guess {blind:.1f}, of one among {half} tokens {inside:.1f}")

known_places = 0.5 * 1.0 + 0.5 * 0.5  # the second noun's place tells, the other's not
print(f"right by the place alone: {known_places:.0%}")
