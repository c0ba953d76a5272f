"""Answers to the exercises: joining tags, counting outputs, negation, and drafts."""

import math

from transformers import pipeline

from snippets.shared.tagging import spans

words = "Ana Costa left Green Valley Bank in New York .".split()
tags = "B-PER I-PER O B-ORG I-ORG I-ORG O B-LOC B-LOC O".split()
names = [" ".join(words[begin:end]) for begin, end, _ in sorted(spans(tags))]
print(f"1. {len(names)} names: {', '.join(names)}")
joined = len(names)

tags_of_four = 2 * 4 + 1
numbers = 20 * tags_of_four
print(f"2. {tags_of_four} tags, {numbers} numbers")

classify = pipeline("text-classification", "models/minilm-sentiment")
pairs = ["It is {}a good film.", "It is {}a bad film.", "It is {}boring.",
         "I would {}watch it again."]  # fmt: skip
turned = 0
for pair in pairs:
    plain, negated = classify([pair.format(""), pair.format("not ")])
    turned += plain["label"] != negated["label"]
    print(f"3. {pair.format('(not) ')} {plain['label']}, with not {negated['label']}")
asked = len(pairs)

share = 1 / 16
drafts = math.ceil(math.log(0.1) / math.log(1 - share))
print(f"4. {drafts} drafts")
