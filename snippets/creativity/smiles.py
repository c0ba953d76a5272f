"""Three tokenizers cut caffeine, written as a SMILES string."""

from transformers import AutoTokenizer

caffeine = "CN1C=NC2=C1C(=O)N(C(=O)N2C)C"
for folder in ("models/rxnmapper", "models/smollm2", "models/minilm"):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokens = tokenizer.tokenize(caffeine)
    name = folder.split("/")[1]
    print(f"{name}: {len(tokens)} tokens of {tokenizer.vocab_size:,} known")
    print(" ".join(tokens[:14]), "…")

reader = AutoTokenizer.from_pretrained("models/rxnmapper")
atoms = sum(token.isalpha() for token in reader.tokenize(caffeine))
vocabulary = reader.vocab_size
print(f"letters that stand for one atom each: {atoms}")
