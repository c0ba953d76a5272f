"""The answers to this chapter's exercises and to a question, computed."""

import math

from snippets.shared.tagging import spans

# Exercise 1: precision, recall and F1 of one guess
truth = spans("B-PER I-PER O B-ORG O B-LOC".split())
guess = spans("B-PER O O B-ORG O O".split())
right = len(truth & guess)
precision, recall = right / len(guess), right / len(truth)
f1 = 2 * precision * recall / (precision + recall)
print(f"precision {precision:.2f}, recall {recall:.2f}, F1 {f1:.2f}")

# Exercise 2: two classifiers on the same sentences
sentences, only_first, only_second = 400, 30, 14
silent = sentences - only_first - only_second
gap = (only_first - only_second) / sentences
error = math.sqrt(((only_first + only_second) / sentences - gap**2) / sentences)
gap_points, error_points, wide = 100 * gap, 100 * error, gap / error
print(f"gap {gap_points:.1f} points, error {error_points:.1f}: {wide:.1f} errors wide")

# The question: seven labels, all with the same probability
even_loss = -math.log(1 / 7)
print(f"loss {even_loss:.2f}")
