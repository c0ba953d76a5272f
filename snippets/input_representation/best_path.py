"""How Unigram cuts a word: of all ways to cut it, the one with the best product."""

import json
import math
import re
from pathlib import Path

from transformers import AutoTokenizer

rules = json.loads(Path("models/en-pt/tokenizer.json").read_text("utf-8"))
scores = dict(rules["model"]["vocab"])  # piece → log-probability


def cut(word, scores=scores):
    best = [(0.0, 0)] + [(-math.inf, 0)] * len(word)  # a score and where we came from
    for end in range(1, len(word) + 1):
        for start in range(end):
            score = best[start][0] + scores.get(word[start:end], -math.inf)
            if score > best[end][0]:  # in a tie the longer last piece stays
                best[end] = (score, start)
    ends = [len(word)]
    while ends[-1] > 0:
        ends.append(best[ends[-1]][1])
    ends.reverse()
    return [word[a:b] for a, b in zip(ends, ends[1:])], best[-1][0]


def longest_first(word):
    """The rule of WordPiece, with the same pieces."""
    for end in range(len(word), 0, -1):
        if word[:end] in scores:
            return [word[:end], *longest_first(word[end:])]
    return []


tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
for word in ["▁sunflowers", "▁replanted", "▁girassóis", "▁heliotropism"]:
    pieces, score = cut(word)
    print(f"{word:14} {score:6.1f}  {' '.join(pieces)}")
replanted = " ".join(longest_first("▁replanted"))
print("longest first:        ", replanted)

story = Path("snippets/input_representation/garden.txt").read_text("utf-8")
words = sorted(set(re.findall(r"[A-Za-z]+", story)))
words += [word + end for word in words for end in ("less", "ish", "ification")]
same = all(cut("▁" + word)[0] == tokenizer.tokenize(word) for word in words)
differ = sum(cut("▁" + word)[0] != longest_first("▁" + word) for word in words)
even = dict.fromkeys(scores, -1.0)  # then the best cut is one with the fewest pieces
fewest = sum(len(cut("▁" + word)[0]) == -cut("▁" + word, even)[1] for word in words)
words_checked = len(words)
print(f"\n{words_checked} words cut like the library: {same}")
print(f"cut otherwise by the longest match: {differ}; with the fewest pieces: {fewest}")
