"""MiniLM in fewer bits: the error of a weight, of a product, of the result."""

import torch
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = [line.split("\t")[1] for line in lines[:400:10]]
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
x = out.hidden_states[0][mask[..., 0].bool()]  # (all tokens, 384): what layer 1 reads
query = matrices[0]
before = normalize((out.last_hidden_state * mask).sum(1), dim=-1)  # (texts, 384)
print("| bits | error of the weights | of a product | cosine: mean | lowest |")
print("|--:|--:|--:|--:|--:|")
found = {}
for bits in (8, 6, 5, 4, 3, 2):
    for matrix, weight in zip(matrices, exact):
        matrix.weight.data = rounded(weight, bits)
    errors = off(query.weight, exact[0]), off(x @ query.weight.T, x @ exact[0].T)
    after = normalize((model(**batch).last_hidden_state * mask).sum(1), dim=-1)
    cosines = (after * before).sum(-1)  # (texts,)
    found[bits] = *errors, cosines.mean().item(), cosines.min().item()
    print("| {} | {:.1%} | {:.1%} | {:.4f} | {:.4f} |".format(bits, *found[bits]))
weight_4, product_4, mean_4, lowest_4 = found[4]
(weight_8, _, mean_8, _), (weight_2, _, mean_2, _) = found[8], found[2]
texts = len(news)
