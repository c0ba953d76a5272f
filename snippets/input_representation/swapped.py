"""Swapped nouns, and the passive: which is nearer, for two very different encoders?"""

import torch
from transformers import AutoModel, AutoTokenizer

events = """robot watered watered sunflowers burned, dog bit bitten mailman missed,
teacher thanked thanked girl blamed, cat chased chased bird ignored,
nurse called called patient forgot, boy pushed pushed brother hugged,
singer praised praised painter mocked, king feared feared general trusted,
lawyer paid paid baker robbed, horse followed followed child kicked,
driver saw seen cyclist hit, judge invited invited mayor accused,
lion hunted hunted hyena avoided, doctor visited visited farmer cheated,
wolf surprised surprised hunter wounded, student helped helped neighbor sued,
guard stopped stopped visitor greeted, crab caught caught fish pinched,
pilot carried carried sailor dropped, poet taught taught actor envied"""
quartets = []
for event in events.split(","):
    one, verb, participle, other, another = event.split()
    were = "were" if other.endswith("s") else "was"
    quartets.append([
        f"The {one} {verb} the {other}", f"The {other} {verb} the {one}",
        f"The {other} {were} {participle} by the {one}",
        f"The {one} {another} the {other}",
    ])  # fmt: skip

print(f"{'mean (lowest)':<14} swapped      passive      another verb")
rows = {}
for name in ("minilm", "pii"):
    tokenizer = AutoTokenizer.from_pretrained(f"models/{name}")
    model = AutoModel.from_pretrained(f"models/{name}")
    table = []
    for sentences in quartets:
        with torch.no_grad():
            means = torch.stack([
                model(**tokenizer(s, return_tensors="pt")).last_hidden_state[0].mean(0)
                for s in sentences
            ])  # (sentences, width)  # fmt: skip
        table.append(torch.cosine_similarity(means[:1], means[1:]))  # (3)
    rows[name] = torch.stack(table)  # (quartets, 3)
    cells = zip(rows[name].mean(0), rows[name].amin(0))
    print(f"{name:<14} " + "  ".join(f"{m:.2f} ({low:.2f})" for m, low in cells))
count = len(quartets)
farther, farther_pii = ((t[:, 1] < t[:, 0]).sum().item() for t in rows.values())
print(f"the passive is farther than the swap: {farther} and {farther_pii} of {count}")
