"""Cyclohexane, C1CCCCC1, and benzene, c1ccccc1: which tokenizer tells them apart?"""

from transformers import AutoTokenizer

for folder in ["rxnmapper", "minilm"]:
    tokenizer = AutoTokenizer.from_pretrained(f"models/{folder}")
    cyclohexane = tokenizer.tokenize("C1CCCCC1")
    benzene = tokenizer.tokenize("c1ccccc1")
    print(folder, len(cyclohexane), len(benzene), cyclohexane == benzene)
