"""How WordPiece cuts a word: the longest piece that fits, then the same again."""

import re
from pathlib import Path

from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
vocabulary = tokenizer.get_vocab()


def cut(word):
    pieces, start = [], 0
    while start < len(word):
        mark = "##" if start else ""  # a piece inside a word wears this mark
        for end in range(len(word), start, -1):  # the longest candidate first
            if mark + word[start:end] in vocabulary:
                break
        else:
            return ["[UNK]"]  # nothing fits, and the whole word is lost
        pieces.append(mark + word[start:end])
        start = end
    return pieces


for word in ["sunflowers", "sundial", "sunscreen", "replanted", "unaffable", "sun🌻"]:
    print(f"{word:11}{' '.join(cut(word))}")

story = Path("snippets/input_representation/garden.txt").read_text("utf-8")
words = sorted(set(re.findall(r"[a-z]+", story.lower())))
words += [word + end for word in words for end in ("less", "ish", "ification")]
same = all(cut(word) == tokenizer.tokenize(word) for word in words)
words_checked = len(words)
print(f"\n{words_checked} words cut like the library: {same}")
