"""Byte-pair encoding trained from scratch, merge by merge, and by the library."""

import json
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers


def train(counts, steps):
    words = {word: list(word) for word in counts}
    place = {piece: i for i, piece in enumerate(sorted(set("".join(words))))}
    merges = []
    for _ in range(steps):
        pairs = Counter()
        for word, pieces in words.items():
            for pair in zip(pieces, pieces[1:]):
                pairs[pair] += counts[word]
        # Most frequent first; a tie goes to the pair that is older in the vocabulary.
        best = min(pairs, key=lambda p: (-pairs[p], place[p[0]], place[p[1]]))
        if pairs[best] < 2:
            break
        ties = sum(count == pairs[best] for count in pairs.values())
        merges.append((*best, pairs[best], ties))
        place.setdefault("".join(best), len(place))
        for pieces in words.values():
            for i in range(len(pieces) - 1):
                if tuple(pieces[i : i + 2]) == best:
                    pieces[i : i + 2] = ["".join(best)]
    return merges, words


def library(text, size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=2, show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    return [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]


tiny = "sun " * 4 + "sunny " * 3 + "run " * 2 + "runner"
story = Path("snippets/input_representation/garden.txt").read_text("utf-8")
merges, words = train(Counter(tiny.split()), steps=100)
for left, right, count, ties in merges:
    tied = f", {ties} tied" if ties > 1 else ""
    print(f"{left:>4} + {right:3} → {left + right:6} {count:2} times{tied}")
print("\n" + "   ".join(" ".join(pieces) for pieces in words.values()))

merges_tiny = len(merges)
same_tiny = [merge[:2] for merge in merges] == library(tiny, size=100)
merges, words = train(Counter(story.split()), steps=1000)
merges_story = len(merges)
same_story = [merge[:2] for merge in merges] == library(story, size=1000)
print(f"\nSame {merges_tiny} merges as the library: {same_tiny}")
print(f"Same {merges_story} merges on a story: {same_story}")
