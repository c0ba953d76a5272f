"""MiniLM in fewer bits: the error of a weight, of a product, of the result."""

import torch
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = [line.split("\t")[1] for line in lines[:400:5] if len(line) < 100][:40]
batch = tokenizer(news, padding=True, return_tensors="pt")
mask = batch.attention_mask[..., None]  # (texts, tokens, 1)
model = AutoModel.from_pretrained("models/minilm")
matrices = [m for m in model.encoder.modules() if isinstance(m, torch.nn.Linear)]
exact = [m.weight.data for m in matrices]


def rounded(weight, bits):
    blocks = weight.reshape(-1, 32)
    least, most = blocks.aminmax(dim=1, keepdim=True)
    scale = (most - least) / (2**bits - 1)
    return (least + scale * ((blocks - least) / scale).round()).reshape(weight.shape)


def off(new, old):
    """The length of the difference, as a share of the length."""
    return ((new - old).norm() / old.norm()).item()


out = model(**batch, output_hidden_states=True)
x = out.hidden_states[0][mask[..., 0].bool()]  # (tokens, 384): before any layer
before = normalize((out.last_hidden_state * mask).sum(1), dim=-1)  # (texts, 384)
print("| bits | error of the weights | of a product | cosine: mean | lowest |")
print("|--:|--:|--:|--:|--:|")
found, of_all = {}, {}
for bits in (8, 6, 5, 4, 3, 2):
    for matrix, weight in zip(matrices, exact):
        matrix.weight.data = rounded(weight, bits)
    of_all[bits] = [off(m.weight, weight) for m, weight in zip(matrices, exact)]
    errors = of_all[bits][0], off(x @ matrices[0].weight.T, x @ exact[0].T)
    after = normalize((model(**batch).last_hidden_state * mask).sum(1), dim=-1)
    cosines = (after * before).sum(-1)  # (texts,)
    found[bits] = *errors, cosines.mean().item(), cosines.min().item()
    print("| {} | {:.1%} | {:.1%} | {:.4f} | {:.4f} |".format(bits, *found[bits]))
weight_4, product_4, mean_4, lowest_4 = found[4]
mean_8, mean_2, texts, count = found[8][2], found[2][2], len(news), len(exact)
factors = [new / old for bits in (6, 5, 4, 3)
           for new, old in zip(of_all[bits - 1], of_all[bits])]  # fmt: skip
lowest_factor, highest_factor = min(factors), max(factors)
strangers = (before @ before.T)[~torch.eye(texts, dtype=bool)].mean().item()
half_off = ((rounded(exact[0], 4) / exact[0] - 1).abs() > 0.5).float().mean().item()
print(f"\nOne bit less: {lowest_factor:.1f} to {highest_factor:.1f} times the error.")
print(f"At 4 bits {half_off:.0%} are off by half. Two texts: cosine {strangers:.2f}.")
