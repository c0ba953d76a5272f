"""Two sentences of the same words in an encoder, with positions and without."""

import torch
from transformers import AutoModel, AutoTokenizer

sentences = ["The robot watered the sunflowers", "The sunflowers watered the robot"]
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")


def embed(sentence):
    with torch.no_grad():
        states = model(**tokenizer(sentence, return_tensors="pt")).last_hidden_state
    return states[0].mean(dim=0)  # (width)


def compare(title):
    one, other = map(embed, sentences)
    same = torch.allclose(one, other, atol=1e-5)  # equal up to rounding
    cosine = torch.cosine_similarity(one, other, dim=0).item()
    print(f"{title:17}  cosine {cosine:.4f}  same: {same}")
    return cosine, same


cosine_with, same_with = compare("with positions")
model.embeddings.position_embeddings.weight.data.zero_()
cosine_without, same_without = compare("without positions")
