"""The first pair that BPE joins, that of a known score, and that of the library."""

import math
import re
from collections import Counter
from itertools import pairwise

from tokenizers import BertWordPieceTokenizer

corpus = {"sun": 4, "sunny": 3, "run": 2, "runner": 1}


def count(joined="."):
    """How often each piece stands in the corpus, with one pair joined or none."""
    pieces = Counter()
    for word, times in corpus.items():
        for piece in re.findall(f"{joined}|.", word):
            pieces[piece] += times
    return pieces


def log_likelihood(pieces):
    """Of the corpus, if each piece is drawn by itself, as often as it stands there."""
    return sum(n * math.log(n / pieces.total()) for n in pieces.values())


letters, pairs = count(), Counter()
for word, times in corpus.items():
    for a, b in pairwise(word):
        pairs[a + b] += times
score = {pair: n / (letters[pair[0]] * letters[pair[1]]) for pair, n in pairs.items()}
before = log_likelihood(letters)
gain = {pair: log_likelihood(count(pair)) - before for pair in pairs}
firsts = [max(found, key=found.get) for found in (pairs, score, gain)]
for name, pair in zip(("most frequent", "best score", "likeliest"), firsts):
    told = f"score {score[pair]:.2f}, log-likelihood {gain[pair]:+.1f}"
    print(f"{name:14} {pair}: {pairs[pair]:2} times, {told}")
by_count, by_score, by_gain = firsts
gain_likeliest, gain_score = gain[by_gain], gain[by_score]

library = BertWordPieceTokenizer()
texts = [word for word, times in corpus.items() for _ in range(times)]
library.train_from_iterator(texts, show_progress=False)
learned = sorted(library.get_vocab().items(), key=lambda item: item[1])
longer = [p for p, _ in learned if p[0] != "[" and len(p.strip("#")) > 1]
library_first = longer[0]
print("the library's first piece:", library_first)
