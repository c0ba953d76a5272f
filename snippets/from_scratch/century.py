"""Where is the century read? Its two digits are exchanged, or all letters but them."""

import random

import torch

from snippets.from_scratch import train

dice = random.Random(2)
count = 500
dates = [train.task(dice) for _ in range(count)]
digits = slice(-4, -2)  # of “28 March 1974”: the century
heads, strongest, digits_flip, rest_flip = [], [], [], []
print("training  heads' weight  strongest  changed by digits  by the rest")
for seed in range(3):
    model, _, _ = train.train(600, seed=seed)
    attention = model.decoder.layers[0].encoder_attn
    weight, first, flips = 0, 0, [0, 0]
    for date, answer in dates:
        other = date[:-4] + {"19": "20", "20": "19"}[date[digits]] + date[-2:]
        source, ids = train.batch_of([date, other]), train.batch_of([answer])
        with torch.no_grad():
            states = model.encoder(source, (source > 0)[:, None, None, :])
            whole, exchanged = states[:1], states[:1].clone()
            exchanged[:, digits] = states[1, digits]  # only the digits are of the other
            rest = states[1:].clone()
            rest[:, digits] = states[0, digits]  # all but the digits
            read = torch.cat([exchanged, rest, whole])  # (3, letters, width)
            given = train.shifted(ids).expand(3, -1)
            logits = model.decode(given, read, torch.tensor(True))
            letters = logits[:, 0].argmax(dim=-1)  # the first letter of each
        row = attention.map[2, :, 0]  # (heads, letters): its look at the whole date
        weight += row[:, digits].sum(dim=1) / count
        first += row.mean(dim=0).argmax().item() - len(date) in (-4, -3)
        flips = [n + (x != letters[2]).item() for n, x in zip(flips, letters)]
    heads.append(weight.mean().item())
    strongest.append(first / count)
    digits_flip.append(flips[0] / count)
    rest_flip.append(flips[1] / count)
    print(f"{seed + 1:>8}  {heads[-1]:13.2f}  {strongest[-1]:9.1%}", end="")
    print(f"  {digits_flip[-1]:17.1%}  {rest_flip[-1]:11.1%}")
even = sum(2 / len(date) for date, _ in dates) / count
least_heads, least_strongest, least_flip = min(heads), min(strongest), min(digits_flip)
most_by_rest = max(rest_flip)
