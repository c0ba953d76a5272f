"""MiniLM with heads off: how alike are partners, and how alike are other sentences?"""

import random

import torch

from snippets.shared.encoder_heads import Encoder

lines = open("snippets/from_scratch/sentences.txt", encoding="utf-8").read().splitlines()
encoder = Encoder(measured_on=lines[1:13])
lines = open("snippets/architecture/pairs.tsv", encoding="utf-8").read().splitlines()
first, second = map(list, zip(*(line.split("\t") for line in lines)))
draw, heads = random.Random(0), [divmod(place, 12) for place in range(72)]
tried = {"none": [[]]} | {f"layer {n}": [heads[12 * n :][:12]] for n in range(6)}
for number in (12, 24, 48):
    tried[f"{number} by lot"] = [draw.sample(heads, number) for _ in range(8)]
rows, three = {}, {}
print("| off | sets | found | partners | others | highest |\n|-" + 5 * "|-:" + "|")
for name, sets in (tried | {"all 72": [heads]}).items():
    runs = []
    for off in sets:
        vectors = encoder.embed(first + second, off)
        cosines = vectors[:16] @ vectors[16:].T  # (first, second)
        found = sum((cosines.argmax(n) == torch.arange(16)).sum() for n in (0, 1))
        alike = cosines.trace() / 16
        runs.append([found, alike, (cosines.sum() - 16 * alike) / 240])
    least, (_, alike, unlike) = min(runs)[0].item(), torch.tensor(runs).mean(0).tolist()
    highest = max(run[2] for run in runs).item()
    rows[name] = least, alike, unlike, highest
    three[name] = " ".join(f"{cosine:.2f}" for cosine in cosines[0, :3])
    print(f"| {name} | {len(sets)} | {least} | {alike:.2f} | {unlike:.2f} | {highest:.2f} |")
found_all_on, alike_all_on, unlike_all_on, _ = rows["none"]
found_last, alike_last, unlike_last, _ = rows["layer 5"]
found_all_off, alike_all_off, unlike_all_off, _ = rows["all 72"]
unlike_other_layers = max(rows[f"layer {n}"][2] for n in range(5))
found_by_lot, *_, unlike_by_lot = rows["12 by lot"]
found_24, *_, unlike_24 = rows["24 by lot"]
found_48, *_, unlike_48 = rows["48 by lot"]
three_all_on, three_last, texts = three["none"], three["layer 5"], len(first + second)
print(f"\nFirst sentence, to the first three: {three_all_on}; layer 5 off: {three_last}.")
