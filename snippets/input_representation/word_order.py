"""Two sentences of the same words, with positions and without: an encoder and a decoder."""

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
    largest = (one - other).abs().max().item()
    cosine = torch.cosine_similarity(one, other, dim=0).item()
    print(f"{title:18} cosine {cosine:.4f}   largest difference {largest:.0e}")
    return cosine, largest


cosine_with, largest_with = compare("with positions")
model.embeddings.position_embeddings.weight.data.zero_()
cosine_without, largest_without = compare("without positions")
