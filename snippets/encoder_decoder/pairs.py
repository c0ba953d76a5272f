"""One pair of each kind from the grammar, how many there are, and two baselines."""

from snippets.shared import rewriter, styles

for kind, made in styles.sentences().items():
    print(f"{kind} ({len(made)})\n  {made[-1][0]}\n  {made[-1][1]}")
train, test = styles.split()
trained_on, held_out = len(train), len(test)
words = len(rewriter.WORDS)
print(f"training pairs: {trained_on}, held out: {held_out}, vocabulary: {words} words")


def shared(one, other):
    return len(set(one.split()) & set(other.split()))


copied = sum(low == high for _, (low, high) in test)
nearest = 0
for _, (low, high) in test:  # the answer of the most similar training sentence
    nearest += max(train, key=lambda pair: shared(pair[0], low))[1] == high
print(f"right by copying: {copied}, by the nearest training sentence: {nearest}")
