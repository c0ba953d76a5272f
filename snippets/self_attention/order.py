"""Without its position vectors MiniLM cannot tell who chased whom."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")


def vectors(sentence):
    """Each token's vector after the last layer, in alphabetical order of the tokens."""
    inputs = tokenizer(sentence, return_tensors="pt")
    tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    with torch.no_grad():
        hidden = model(**inputs).last_hidden_state[0]  # (tokens, 384)
    return dict(sorted(zip(tokens, hidden)))


def compare():
    one = vectors("A dog chased the ball")
    other = vectors("the ball chased A dog")  # the same tokens in another order
    gaps = [(one[token] - other[token]).norm() / one[token].norm() for token in one]
    return list(one), torch.stack(gaps)


tokens, with_positions = compare()
with torch.no_grad():
    model.embeddings.position_embeddings.weight.zero_()
_, without_positions = compare()

smallest_with = with_positions.min().item()
largest_without = without_positions.max().item()
print("| token | change with positions | without positions |\n|---|---|---|")
for token, a, b in zip(tokens, with_positions, without_positions):
    print(f"| {token} | {a:.2f} | {b:.7f} |")
