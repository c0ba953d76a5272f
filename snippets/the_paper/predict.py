"""Words and pairs of words that two translations share with a reference."""

from collections import Counter
from itertools import pairwise

reference = "the dog bit the man".split()
for text in ("the man bit the dog", "a dog has bitten the man"):
    words = text.split()
    single = Counter(words) & Counter(reference)  # the smaller count of each
    pairs = Counter(pairwise(words)) & Counter(pairwise(reference))
    print(f"words: {single.total()} of {len(words)}", end=", ")
    print(f"pairs: {pairs.total()} of {len(words) - 1}")
