"""The answers of the exercises on what goes on between the layers."""

from math import log

others, off, sets = 270 - 8, 8, 10  # heads to draw from, heads of a set, sets
holds = off / others  # a set holds one head that was named before
none_holds = (1 - holds) ** sets
print(f"a set holds that head: {holds:.1%}, none of {sets} does: {none_holds:.0%}")

vocabulary, half = 49_152, 25
blind = log(vocabulary)  # nothing known: all tokens alike
inside = log(half)  # known: one of the tokens of the first half
print(f"loss of a blind guess {blind:.1f}, of one among {half} tokens {inside:.1f}")

known_places = 0.5 * 1.0 + 0.5 * 0.5  # the second noun's place tells, the other's not
print(f"right by the place alone: {known_places:.0%}")
