"""The loss that brings pairs together, computed on sixteen pairs of sentences."""

import torch
from torch.nn.functional import cross_entropy, normalize
from transformers import AutoModel, AutoTokenizer

torch.set_grad_enabled(False)
lines = open("snippets/architecture/pairs.tsv", encoding="utf-8").read().splitlines()
first, second = map(list, zip(*(line.split("\t") for line in lines)))
answers = torch.arange(len(lines))  # the partner of text i is text i


def loss(folder):
    """How hard it is to find each partner, and how often it is the nearest."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder)
    vectors = []
    for texts in (first, second):
        batch = tokenizer(texts, padding=True, return_tensors="pt")
        mask = batch.attention_mask[..., None]  # (texts, tokens, 1)
        hidden = model(**batch).last_hidden_state * mask
        vectors.append(normalize(hidden.sum(1), dim=-1))  # (texts, width)
    scores = 20 * vectors[0] @ vectors[1].T  # (texts, texts): cosines, times 20
    both_ways = (cross_entropy(scores, answers) + cross_entropy(scores.T, answers)) / 2
    return both_ways.item(), int((scores.argmax(1) == answers).sum())


trained, trained_found = loss("models/minilm")
other, other_found = loss("models/pii")
guessing = torch.tensor(len(lines)).log().item()
pairs = len(lines)
print(f"MiniLM, trained on pairs:      {trained:.3f}   partners found {trained_found}")
print(f"Rampart, trained on tags:      {other:.3f}   partners found {other_found}")
print(f"guessing, all partners alike:  {guessing:.3f}   partners found 1")
