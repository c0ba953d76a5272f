"""BLEU, the paper's measure, on three translations of one sentence."""

from collections import Counter
from math import exp, log

reference = "o robô regou os girassóis porque eles estavam com sede ."
candidates = {
    "one word else": "o robô regou os girassóis porque estes estavam com sede .",
    "right, other words": "o robô deu água aos girassóis , pois tinham sede .",
    "wrong, same words": "o robô não regou os girassóis porque eles estavam com sede .",
}


def counts(words, n):
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def bleu(candidate, reference):
    candidate, reference = candidate.split(), reference.split()
    total = 0.0
    for n in (1, 2, 3, 4):
        found, wanted = counts(candidate, n), counts(reference, n)
        matches = sum(min(found[gram], wanted[gram]) for gram in found)
        total += log(max(matches, 0.1) / found.total()) / 4  # 0.1: no log of zero
    brevity = min(1.0, exp(1 - len(reference) / len(candidate)))
    return 100 * brevity * exp(total)


scores = {name: bleu(text, reference) for name, text in candidates.items()}
for name, text in candidates.items():
    print(f"{scores[name]:5.1f}  {name}: {text}")
one_word, other_words, wrong = scores.values()
perfect = bleu(reference, reference)
