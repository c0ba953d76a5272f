"""Means of a decoder's states: how alike are sentences, and which are neighbors?"""

import torch
from transformers import AutoModel, AutoTokenizer

torch.set_grad_enabled(False)
parts = open("snippets/encoder/topics.txt", encoding="utf-8").read().split("# ")[1:]
sentences = [line for part in parts for line in part.split("\n")[1:] if line]
topics = torch.arange(len(parts)).repeat_interleave(len(sentences) // len(parts))
other = topics[:, None] != topics  # (sentences, sentences): two topics


def read(folder, start=""):
    """For each sentence its states: (layers + 1, tokens, width)."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder)
    begun = [start + sentence for sentence in sentences]
    batch = tokenizer(begun, padding=True, padding_side="right", return_tensors="pt")
    states = torch.stack(model(**batch, output_hidden_states=True).hidden_states, 1)
    return [state[:, : mask.sum()] for state, mask in zip(states, batch.attention_mask)]


def compare(states, out=None):
    """At each depth: the lowest cosine of two topics, and neighbors on the topic."""
    kept = [[i for i in range(state.shape[1]) if i != out] for state in states]
    means = torch.stack([state[:, i].mean(1) for state, i in zip(states, kept)], 1)
    unit = torch.nn.functional.normalize(means, dim=-1)
    cosines = unit @ unit.transpose(1, 2)  # (layers + 1, sentences, sentences)
    nearest = (cosines - 9 * torch.eye(len(topics))).argmax(2)  # itself left out
    return cosines[:, other].amin(1), (topics[nearest] == topics).sum(1)


states = read("models/smollm2", "<|endoftext|>")
low, near = compare(states)
low_1, near_1 = compare(states, out=0)
low_2, _ = compare(states, out=1)
print("| after layer | lowest cosine | without the 1st | without the 2nd", end="")
print(" | on the topic | without the 1st |\n|---|---:|---:|---:|---:|---:|")
for row in (0, 6, 11, 12, 20, 29, 30):
    print(f"| {row} | {low[row]:.4f} | {low_1[row]:.4f} | {low_2[row]:.4f}", end="")
    print(f" | {near[row]} | {near_1[row]} |")
encoder = compare(read("models/minilm"))
minilm_low, minilm_near = (found[-1].item() for found in encoder)
print(f"| MiniLM | {minilm_low:.4f} | | | {minilm_near} | |")
lowest_all, lowest_second = low[12:21].min().item(), low_2[12:21].min().item()
highest_without = low_1[12:21].max().item()
norms = [state.norm(dim=-1)[12:21] for state in states]  # (layers, tokens) for each
times = min((norm[:, 0] / norm[:, 1:].median(1).values).min().item() for norm in norms)
middle_near, last_near, last_low = near[12:21].tolist(), near[30].item(), low[30].item()
middle_fewest, middle_most, count = min(middle_near), max(middle_near), len(topics)
