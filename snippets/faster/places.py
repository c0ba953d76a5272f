"""A batch with four places: until the longest answer ends, or filled up at once."""

from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
answers = [line.split("\t")[1] for line in lines[:400:10]]  # as if a model wrote them
lengths = [len(ids) for ids in tokenizer(answers).input_ids]
PLACES = 4


def until_the_longest(lengths):
    """Passes, and for each answer the pass at which it is finished."""
    now, finished = 0, []
    for first in range(0, len(lengths), PLACES):
        group = lengths[first : first + PLACES]
        finished += [now + length for length in group]
        now += max(group)
    return now, finished


def at_once(lengths):
    free, finished = [0] * PLACES, []  # the pass from which on each place is free
    for length in lengths:
        place = free.index(min(free))
        free[place] += length
        finished.append(free[place])
    return max(free), finished


tokens, count = sum(lengths), len(lengths)
print("| a free place is filled | passes | places in use | mean wait | longest wait |")
print("|---|--:|--:|--:|--:|")
found = []
for name, way in {
    "when all four are done": until_the_longest,
    "at once": at_once,
}.items():
    passes, finished = way(lengths)
    used = tokens / (passes * PLACES)
    found.append((passes, used, sum(finished) / count))
    print(f"| {name} | {passes} | {used:.0%} | {found[-1][2]:.0f} | {max(finished)} |")
(passes_group, used_group, mean_group), (passes_once, used_once, mean_once) = found
shortest, longest = min(lengths), max(lengths)
passes_sorted, _ = until_the_longest(sorted(lengths))  # as if they were known
least = -(-tokens // PLACES)  # no way can take fewer passes
