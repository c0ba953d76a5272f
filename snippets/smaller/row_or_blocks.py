"""MiniLM in rows of 5 bits or blocks of 4, with a few numbers kept as they are."""

import torch
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer

torch.set_grad_enabled(False), torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = [line.split("\t")[1] for line in lines[:400:5] if len(line) < 100][:40]
batch = tokenizer(news, padding=True, return_tensors="pt")
linear = [m for m in model.encoder.modules() if isinstance(m, torch.nn.Linear)]
exact = [m.weight.data for m in linear]


def vectors():
    states = model(**batch).last_hidden_state * batch.attention_mask[..., None]
    return normalize(states.sum(1), dim=-1)  # (texts, 384)


def rounded(weight, bits, size):
    blocks = weight.reshape(-1, size)
    least, most = blocks.aminmax(dim=1, keepdim=True)
    scale = (most - least) / (2**bits - 1)
    return (least + scale * ((blocks - least) / scale).round()).reshape(weight.shape)


def rows(weight, kept):
    """Rows of 5 bits. The numbers that are kept do not count for the scale."""
    rest = weight.masked_fill(kept, 0)
    return rounded(rest, 5, weight.shape[1]).where(~kept, weight)


real = [w.abs() > 15 * w.square().mean(1, keepdim=True).sqrt() for w in exact]
lots = [[x[:, torch.randperm(x.shape[1])] for x in real] for _ in range(2)]
blocks, before = [rounded(w, 4, 32) for w in exact], vectors()
ways = {"blocks, 4 bits": None, "rows, 5 bits": [torch.zeros_like(x) for x in real],
        "rows, the large kept": real, "rows, others kept": lots[0],
        "rows, others again": lots[1]}  # fmt: skip
print("| all in | nearer than blocks | cosine: mean | lowest |\n|---|--:|--:|--:|")
found = {}
for name, kept in ways.items():
    new = list(map(rows, exact, kept)) if kept else blocks
    finer = sum((x - w).norm() < (b - w).norm() for x, w, b in zip(new, exact, blocks))
    for matrix, weight in zip(linear, new):
        matrix.weight.data = weight
    cosines = (vectors() * before).sum(-1)  # (texts,)
    found[name] = int(finer), cosines.mean().item(), cosines.min().item()
    print(f"| {name} | {finer} | {found[name][1]:.2f} | {found[name][2]:.2f} |")
mean_blocks, mean_rows, mean_large, *others = (mean for _, mean, _ in found.values())
nearer, most_others = found["rows, 5 bits"][0], max(others)
kept, numbers = sum(int(x.sum()) for x in real), sum(w.numel() for w in exact)
count, texts = len(exact), len(news)
