"""The answers to the exercises, computed."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2", pad_token="<|endoftext|>")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = ["<|endoftext|>" + line.split("\t")[1] for line in lines[:400:50]]
news.sort(key=lambda text: len(tokenizer(text).input_ids))  # so there is little padding
padded = {"padding": True, "padding_side": "right", "return_tensors": "pt"}
batches = [tokenizer(part, **padded) for part in (news[:5], news[5:])]
model = AutoModelForCausalLM.from_pretrained("models/smollm2")


def rounded(weight, levels, size=32):
    blocks = weight.reshape(-1, size)
    least, most = blocks.amin(1, keepdim=True), blocks.amax(1, keepdim=True)
    scale = (most - least) / (levels - 1)
    steps = (blocks - least).div_(scale).round_()  # in place: less memory is asked for
    return steps.mul_(scale).add_(least).reshape(weight.shape)


numbers = sum(weight.numel() for weight in model.parameters())
bits_block = 8 * (2 + 2 + 16) / 32
halves, blocks = 2 * numbers / 1e6, numbers * bits_block / 8 / 1e6
print(f"float16: {halves:.0f} MB; all in blocks of 4 bits: {blocks:.0f} MB")

weight = model.model.layers[0].mlp.down_proj.weight.data
error = {}
for levels in (16, 31, 32):
    error[levels] = ((rounded(weight, levels) - weight).norm() / weight.norm()).item()
    print(f"{levels} levels: error {error[levels]:.1%}")
same_levels, fit_levels, other_levels = error.values()


def first_choices():
    seen = [batch.attention_mask[:, 1:].bool() for batch in batches]
    found = (model(**batch).logits[:, :-1].argmax(-1) for batch in batches)
    return torch.cat([choices[places] for choices, places in zip(found, seen)])


choices = first_choices()
tokens, others = len(choices), {}
matrices = [m for m in model.model.layers.modules() if isinstance(m, torch.nn.Linear)]
exact = [m.weight.data for m in matrices]
for levels in (32, 33, 16):  # 16 leave the weights as they are
    for matrix, old in zip(matrices, exact):
        matrix.weight.data = rounded(old, levels)
    others[levels] = (first_choices() != choices).sum().item()
    print(f"{levels} levels: {others[levels]} of {tokens} first choices are others")
others_32, others_33, others_16 = others.values()

table = model.model.embed_tokens.weight
table.data = rounded(table.data, 16)
changed = (first_choices() != choices).sum().item()
print(f"token table in 4 bits: {changed} of {tokens} first choices are others")
