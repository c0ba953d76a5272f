"""A word of ninety-nine letters, of a hundred, and of a hundred and one."""

from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
for length in (99, 100, 101):
    pieces = tokenizer.tokenize(("sun" * 40)[:length])
    print(f"{length} letters make {len(pieces):2}: {' '.join(pieces[:4])}")
limit = max(n for n in range(200) if tokenizer.tokenize("a" * n) != ["[UNK]"])
