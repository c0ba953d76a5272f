"""Words get one BIO tag each; a word's first piece carries the tag, the rest none."""

from transformers import AutoTokenizer

from snippets.shared.tagging import first_pieces, tagged, words

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
labeled = [("Wanjiru Kamau", "PER"), ("joined", "O"), ("Fjordkraft", "ORG")]
labeled += [("in", "O"), ("Ljubljana", "LOC"), (".", "O")]
text = [word for part, _ in labeled for word in words(part)]
tags = [tag for part, kind in labeled for tag in tagged(part, kind)]

inputs = tokenizer(text, is_split_into_words=True)
first = first_pieces(inputs)
print("| piece | word | label in training |\n|---|---|---|")
for place, (piece, word) in enumerate(zip(inputs.tokens(), inputs.word_ids())):
    label = tags[word] if place in first else "(not scored)"
    print(f"| `{piece}` | {'' if word is None else text[word]} | {label} |")
word_count, piece_count = len(text), len(inputs.tokens())
