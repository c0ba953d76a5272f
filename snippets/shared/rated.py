"""Sentences that people rated, and a model's answers to many of them: shared helpers."""

import random
from collections.abc import Callable
from typing import Any

import torch


def clear_reviews() -> list[tuple[str, int]]:
    """Sentences on films that are clearly praise (1) or blame (0), in a fixed order."""
    rows = sorted({line.strip() for line in open("models/rated-sentences/films.tsv")})
    pairs = [(float(rating), text) for rating, text in (row.split("\t") for row in rows)]
    clear = [(text, int(rating > 0)) for rating, text in pairs if abs(rating) > 1]
    random.Random(0).shuffle(clear)  # the same order as in training
    return clear


def ask(model: Any, tokenizer: Any, texts: list[str], take: Callable) -> torch.Tensor:
    """What `take(output, mask)` makes of each text: (texts, …), fifty texts at once."""
    pieces = [len(ids) for ids in tokenizer(list(texts)).input_ids]
    by_length = sorted(range(len(texts)), key=pieces.__getitem__)  # little padding
    taken = {}
    for start in range(0, len(texts), 50):
        some = by_length[start : start + 50]
        inputs = tokenizer(
            [texts[number] for number in some], padding=True, truncation=True,
            max_length=64, return_tensors="pt",
        )  # fmt: skip
        with torch.no_grad():
            rows = take(model(**inputs), inputs.attention_mask.unsqueeze(-1))
        taken |= dict(zip(some, rows))
    return torch.stack([taken[number] for number in range(len(texts))])
