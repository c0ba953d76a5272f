"""Where is the century read? Its two digits are exchanged, or all letters but them."""

import random

import torch

from snippets.from_scratch import train

dice = random.Random(2)
count = 500
dates = [train.task(dice)[0] for _ in range(count)]
digits = slice(-4, -2)  # of “28 March 1974”: the century
other, SEEN = {"19": "20", "20": "19"}, torch.tensor(True)  # nothing is hidden
heads, strongest, digits_flip, rest_flip = [], [], [], []
print("training  heads' weight  strongest  changed by digits  by the rest")
for seed in range(3):
    model, _, _ = train.train(600, seed=seed)
    attention = model.decoder.layers[0].encoder_attn
    weight, first, flips = 0, 0, [0, 0]
    for length in sorted(set(map(len, dates))):  # those of one length together
        some = [date for date in dates if len(date) == length]
        others = [date[:-4] + other[date[digits]] + date[-2:] for date in some]
        start = torch.full((len(some), 1), train.IDS["start"])
        with torch.no_grad():
            both = map(train.batch_of, (some, others))
            whole, rest = (model.encoder(ids, SEEN) for ids in both)
            exchanged = whole.clone()
            exchanged[:, digits] = rest[:, digits]  # only the digits are of the other
            rest[:, digits] = whole[:, digits]  # all but the digits
            read = exchanged, rest, whole  # each (dates, letters, width)
            letters = [model.decode(start, x, SEEN)[:, 0].argmax(dim=-1) for x in read]
        rows = attention.map[:, :, 0]  # (dates, heads, letters): the look at the whole
        weight += rows[..., digits].sum(dim=(0, 2)) / count
        strongest_letter = rows.mean(dim=1).argmax(dim=-1) - length  # (dates,)
        first += ((strongest_letter == -4) | (strongest_letter == -3)).sum().item()
        flips = [n + (x != letters[2]).sum().item() for n, x in zip(flips, letters)]
    heads.append(weight.mean().item())
    strongest.append(first / count)
    digits_flip.append(flips[0] / count)
    rest_flip.append(flips[1] / count)
    print(f"{seed + 1:>8}  {heads[-1]:13.2f}  {strongest[-1]:9.1%}", end="")
    print(f"  {digits_flip[-1]:17.1%}  {rest_flip[-1]:11.1%}")
even = sum(2 / len(date) for date in dates) / count
least_heads, least_strongest, least_flip = min(heads), min(strongest), min(digits_flip)
most_by_rest = max(rest_flip)
