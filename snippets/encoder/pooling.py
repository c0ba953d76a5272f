"""The mean of the token vectors is a sentence embedding; cosines compare sentences."""

import torch
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm")


def embed(sentences):
    inputs = tokenizer(sentences, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = encoder(**inputs).last_hidden_state  # (sentences, tokens, width)
    mask = inputs.attention_mask.unsqueeze(-1)  # (sentences, tokens, 1)
    mean = (hidden * mask).sum(1) / mask.sum(1)  # (sentences, width)
    return normalize(mean, dim=-1)


sentences = [
    "The robot watered the sunflowers because they were thirsty.",
    "A machine gave the flowers a drink.",
    "The sunflowers watered the robot.",
    "My train was late again this morning.",
    "The railway is never on time.",
]
vectors = embed(sentences)  # (sentences, width)
cosine = vectors @ vectors.T  # (sentences, sentences)
same_meaning, swapped, unrelated = cosine[0, 1], cosine[0, 2], cosine[0, 3]
trains = cosine[3, 4]
for number, sentence in enumerate(sentences):
    print(number, sentence)
labels = ["0 robot", "1 machine", "2 swapped", "3 train", "4 railway"]
title = "The closest two have their roles exchanged"
plots.heatmap(cosine, labels, labels, title, numbers=True)
