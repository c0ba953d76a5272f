"""Words, BIO tags and names: what the snippets about token classification share."""

import re
from typing import Any

TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
NUMBER = {tag: number for number, tag in enumerate(TAGS)}
Spans = set[tuple[int, int, str]]


def words(text: str) -> list[str]:
    """Cut a text at spaces and around punctuation, as BERT's tokenizer does first."""
    return re.findall(r"\w+|[^\w\s]", text)


def tagged(name: str, kind: str) -> list[str]:
    """The BIO tags of a name: B for its first word, I for the others, O for no kind."""
    inside = len(words(name)) - 1
    if kind == "O":
        return ["O"] * (inside + 1)
    return [f"B-{kind}"] + [f"I-{kind}"] * inside


def spans(tags: list[str]) -> Spans:
    """Where names stand: (first word, word after the last, kind). Reads BIO tags.

    An I that continues nothing begins a name, as most programs read it.
    """
    found, begin = set(), None
    for place, tag in enumerate([*tags, "O"]):
        if begin is not None and tag != f"I-{tags[begin][2:]}":
            found.add((begin, place, tags[begin][2:]))
            begin = None
        if tag != "O" and begin is None:
            begin = place
    return found


def first_pieces(inputs: Any, row: int = 0) -> list[int]:
    """The places of the pieces that begin a word, in a tokenized row of words."""
    ids = inputs.word_ids(row)
    return [i for i, word in enumerate(ids) if word is not None and word != ids[i - 1]]


def predict(model: Any, tokenizer: Any, text: list[str]) -> list[str]:
    """The model's tag of each word: what it says about the word's first piece."""
    inputs = tokenizer(text, is_split_into_words=True, return_tensors="pt")
    best = model(**inputs).logits[0].argmax(-1).tolist()
    return [model.config.id2label[best[i]] for i in first_pieces(inputs)]


def read_bracketed(path: str) -> list[tuple[list[str], list[str], str]]:
    """Read sentences such as "[PER Ada] left [LOC Porto]." below headings of kinds.

    Returns:
        For each sentence its words, their BIO tags, and the heading above it.
    """
    sentences, heading = [], ""
    for line in open(path, encoding="utf-8"):
        if line.startswith("#"):
            heading = line[1:].strip()
        elif line.strip():
            parts = re.findall(r"\[([A-Z]{3}) ([^\]]+)\]|([^\[]+)", line.strip())
            text, tags = [], []
            for kind, name, rest in parts:
                text += words(name or rest)
                tags += tagged(name or rest, kind or "O")
            sentences.append((text, tags, heading))
    return sentences


def read_names(path: str) -> dict[str, list[str]]:
    """Read lists of names, a paragraph each: the kind on a line, then commas."""
    names = {}
    for paragraph in open(path, encoding="utf-8").read().split("\n\n")[1:]:
        kind, _, listed = paragraph.partition("\n")
        listed = listed.replace("\n", " ").split(",")
        names[kind] = [name.strip() for name in listed if name.strip()]
    return names
