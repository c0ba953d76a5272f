"""MiniLM with heads off: how alike are partners, and how alike are other sentences?"""

import random
from pathlib import Path

import torch

from snippets.shared.encoder_heads import Encoder

lines = Path("snippets/from_scratch/sentences.txt").read_text("utf-8").splitlines()
encoder = Encoder(measured_on=lines[1:13])
lines = Path("snippets/architecture/pairs.tsv").read_text("utf-8").splitlines()
first, second = map(list, zip(*(line.split("\t") for line in lines)))
draw, heads = random.Random(0), [divmod(place, 12) for place in range(72)]
tried = {"none": [[]]} | {f"layer {n}": [heads[12 * n :][:12]] for n in range(6)}
for number in (12, 48):
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
    rows[name] = least, unlike, highest
    three[name] = ", ".join(f"{cosine:.2f}" for cosine in cosines[0, :3])
    cosines = " | ".join(f"{cosine:.2f}" for cosine in (alike, unlike, highest))
    print(f"| {name} | {len(sets)} | {least} | {cosines} |")
(found_all_on, unlike_all_on, _), (found_all_off, *_) = rows["none"], rows["all 72"]
unlike_all_off, unlike_last = rows["all 72"][1], rows["layer 5"][1]
unlike_other_layers = max(rows[f"layer {n}"][1] for n in range(5))
found_12, _, unlike_12 = rows["12 by lot"]
found_48, _, unlike_48 = rows["48 by lot"]
texts, three_all_on, three_last = len(first + second), three["none"], three["layer 5"]
print(f"\nThe robot to its partner and to the next two: {three_all_on}.", end=" ")
print(f"With layer 5 off: {three_last}.")
