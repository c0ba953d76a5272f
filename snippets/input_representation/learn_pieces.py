"""The first pair that BPE joins, and the first that WordPiece joins."""

from collections import Counter
from itertools import pairwise

corpus = {"sun": 4, "sunny": 3, "run": 2, "runner": 1}
letters, pairs = Counter(), Counter()
for word, times in corpus.items():
    for letter in word:
        letters[letter] += times
    for pair in pairwise(word):
        pairs[pair] += times


def gain(pair):
    """How often the pair stands there, for how often its two letters do."""
    return pairs[pair] / (letters[pair[0]] * letters[pair[1]])


by_count, by_gain = max(pairs, key=pairs.get), max(pairs, key=gain)
for name, (left, right) in (("BPE", by_count), ("WordPiece", by_gain)):
    score = gain((left, right))
    alone = f"{left} {letters[left]}, {right} {letters[right]}, {score:.2f}"
    print(f"{name:9} joins {left} {right}: {pairs[left, right]:2} times, {alone}")
bpe_first, wordpiece_first = "".join(by_count), "".join(by_gain)
