"""Speculative sampling, every way that it can go: each text's share, in fractions."""

import random
from fractions import Fraction
from itertools import product
from math import prod

random.seed(0)
WORDS, LENGTH, GUESSES = range(3), 4, 2


def model():
    """A probability for each next word, after every text of up to three words."""
    texts = [text for n in range(LENGTH) for text in product(WORDS, repeat=n)]
    weights = {text: [random.randint(1, 9) for _ in WORDS] for text in texts}
    return {text: [Fraction(w, sum(row)) for w in row] for text, row in weights.items()}


def write(text, share, found, fair=True):
    """Add to `found` the share of each text that can come out behind this one."""
    if len(text) == LENGTH:
        found[text] = found.get(text, 0) + share
        return
    for guessed in product(WORDS, repeat=min(GUESSES, LENGTH - len(text) - 1)):
        now, left = text + guessed, share
        for n, word in enumerate(guessed):
            left *= draft[text + guessed[:n]][word]  # the draft draws all of these
        for n, word in enumerate(guessed):
            before = text + guessed[:n]
            p, q = target[before], draft[before]
            kept = min(1, p[word] / q[word])
            # Refused: draw from what the draft gives too little of. The round ends.
            lack = [max(0, a - b) for a, b in zip(p, q)] if fair else p
            for other in WORDS if kept < 1 else []:
                part = left * (1 - kept) * lack[other] / sum(lack)
                write(before + (other,), part, found, fair)
            left *= kept
        for word in WORDS:  # all were kept: one more word, from the target itself
            write(now + (word,), left * target[now][word], found, fair)


target, draft = model(), model()
wanted = {}
for text in product(WORDS, repeat=LENGTH):
    wanted[text] = prod(target[text[:n]][word] for n, word in enumerate(text))
speculative, unfair = {}, {}
write((), 1, speculative), write((), 1, unfair, fair=False)
texts, equal, equal_unfair = len(wanted), speculative == wanted, unfair == wanted
most_off = float(max(abs(unfair[t] / wanted[t] - 1) for t in wanted))
kept_share = float(sum(min(a, b) for a, b in zip(target[()], draft[()])))
print(f"{texts} texts, each with the target's probability: {equal}")
print(f"a refused word drawn from the target instead: {equal_unfair},")
print(f"one text is off by {most_off:.0%} of its probability")
print(f"a first guess is kept with probability {kept_share:.2f}")
