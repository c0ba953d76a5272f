"""Means of a decoder's hidden states: how alike are sentences on different topics?"""

import torch
from transformers import AutoModel, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModel.from_pretrained("models/smollm2")
parts = open("snippets/encoder/topics.txt", encoding="utf-8").read().split("# ")[1:]
sentences = [line for part in parts for line in part.splitlines()[1:5]]
topics = torch.arange(len(parts)).repeat_interleave(4)  # (sentences,)
other = topics[:, None] != topics  # (sentences, sentences): two topics

states = []  # for each sentence: (layers + 1, tokens, width)
for sentence in sentences:
    ids = tokenizer(sentence, return_tensors="pt").input_ids
    states.append(torch.cat(model(ids, output_hidden_states=True).hidden_states))


def lowest_cosine(start):
    """At each depth: the lowest cosine of two means, each from this token on."""
    means = torch.stack([state[:, start:].mean(1) for state in states], 1)
    unit = torch.nn.functional.normalize(means, dim=-1)
    return (unit @ unit.transpose(1, 2))[:, other].amin(1)  # (layers + 1,)


all_tokens, no_first = lowest_cosine(0), lowest_cosine(1)
first = torch.stack([state[20, 0] for state in states])  # (sentences, width)
rest = torch.stack([state[20, 1:].norm(dim=-1).median() for state in states])
times = (first.norm(dim=-1) / rest).min().item()
print("| after layer | all tokens | without the first |\n|---|---:|---:|")
for depth in (0, 6, 11, 12, 20, 29, 30):
    print(f"| {depth} | {all_tokens[depth]:.4f} | {no_first[depth]:.4f} |")
lowest_all = all_tokens[12:21].min().item()
highest_without = no_first[12:21].max().item()
last_all, last_without = all_tokens[30].item(), no_first[30].item()
count, pairs = len(sentences), int(other.sum()) // 2
