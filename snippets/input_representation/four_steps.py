"""A sentence as text, as tokens, as ids and as vectors: four things, three steps."""

from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
table = model.get_input_embeddings().weight  # (vocabulary, width)

text = "The robot watered the sunflowers because they were thirsty."
tokens = tokenizer.tokenize(text)
ids = tokenizer.convert_tokens_to_ids(tokens)
vectors = table[ids]  # (tokens, width)

print(text, "\n")
print("token         id  vector")
for token, id, vector in zip(tokens, ids, vectors):
    start = " ".join(f"{number:5.2f}" for number in vector[:3])
    print(f"{token:10} {id:5}  [{start} …]")

letters, count, width = len(text), len(tokens), vectors.shape[1]
print(f"\n{letters} characters → {count} tokens → {count} × {width} numbers")
