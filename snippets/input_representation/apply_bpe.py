"""How a trained BPE tokenizer cuts a word: it replays its merges, the oldest first."""

import json
import re
from pathlib import Path

from transformers import AutoTokenizer

rules = json.loads(Path("models/smollm2/tokenizer.json").read_text("utf-8"))
rank = {tuple(pair): i for i, pair in enumerate(rules["model"]["merges"], start=1)}


def cut(word, show=False):
    pieces = list(word)
    while len(pieces) > 1:
        pairs = list(zip(pieces, pieces[1:]))
        best = min(pairs, key=lambda pair: rank.get(pair, len(rank) + 1))
        if best not in rank:
            break
        i = pairs.index(best)
        pieces[i : i + 2] = ["".join(best)]
        if show:
            print(f"merge {rank[best]:6,}  {' '.join(pieces)}")
    return pieces


print(f"{'start':12}  {' '.join('Ġsunflowers')}")
cut("Ġsunflowers", show=True)

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
story = Path("snippets/input_representation/garden.txt").read_text("utf-8")
words = sorted(set(re.findall(r"[A-Za-z]+", story)))
same = all(cut("Ġ" + word) == tokenizer.tokenize(" " + word) for word in words)
merges_known, words_checked = len(rank), len(words)
before_flowers = rank["flow", "ers"] - 1
print(f"\n{words_checked} words cut like the library: {same}")
