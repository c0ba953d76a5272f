"""A linear probe on MiniLM, “who does it?”: new words, other places, a control task."""

from random import choice, sample, seed, shuffle

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm").requires_grad_(False)
nouns = """dog cat cow fox pig man boy spy king duke lion wolf bear bird girl aunt poet
queen horse nurse judge baker pilot thief guard robot woman chef monk sailor""".split()
verbs = "chased followed helped watched pushed called kissed visited saved".split()
two = ["the {} {} the {} .", "the {} was {} by the {} ."]
moved, third = ["last night " + x for x in two], ["it was the {} that {} the {} ."]
varied = [f"{x} {form}" for form in two for x in ("", "now", "one day", "in the park")]


def sentences(words, count, forms):
    # The nouns' states (layers, examples, 384); whether each does it; its side.
    made, states, rows = [], [], torch.arange(50)[:, None]
    for _ in range(count):
        form, verb, pair = choice(forms), choice(verbs), sample(words, 2)
        text, by = form.format(pair[0], verb, pair[1]), " by " in form
        told = [not by, by], [words.index(x) % 2 for x in pair]  # their order is by lot
        made.append((text, *told, [1 + text.split().index(x) for x in pair]))
    # Fifty at a time, from short to long: so there is little padding.
    texts, *told, places = zip(*sorted(made, key=lambda row: row[0].count(" ")))
    for part in torch.arange(count).split(50):
        inputs = tokenizer([texts[n] for n in part], padding=True, return_tensors="pt")
        layers = model(**inputs, output_hidden_states=True).hidden_states[::3]
        states.append(torch.stack(layers)[:, rows, torch.tensor(places)[part]])
    return torch.cat(states, 1).flatten(1, 2), *torch.tensor(told).bool().flatten(1)


def score(x, y, tested, right):
    # A linear probe by least squares, with decay: its share of right answers.
    center, square = x.mean(dim=0), torch.cov(x.T) + 0.1 * torch.eye(x.shape[1])
    direction = torch.linalg.solve(square, (x - center).T @ (2.0 * y - 1))
    return (((tested - center) @ direction > 0) == right).float().mean().item()


found = []  # rows of shares: of each split, probe and layer
for split in range(4):
    seed(split), shuffle(nouns)  # no probe learns from the last ten
    same = sentences(nouns[:20], 100, two)
    tests = same, *(sentences(nouns[20:], 100, forms) for forms in (two, moved, third))
    for forms in (two, varied):
        x, does, sides = sentences(nouns[:20], 300, forms)
        asked = [(does, z, r) for z, r, _ in tests] + [(sides, *same[::2])]
        found += [[score(x[n], *y, z[n], r) for *y, z, r in asked] for n in range(3)]
mean = torch.tensor(found).view(4, 6, 5).mean(dim=0).tolist()
print("| places | layers | own | new words | moved | it was | control |\n|" + 7 * "-:|")
for place, n, row in zip(3 * ["fixed"] + 3 * ["varied"], 2 * [0, 3, 6], mean):
    print(f"| {place} | {n} |", " | ".join(f"{share:.0%}" for share in row), "|")
(_, new_0, *_), (_, new_3, moved_3, cleft_3, _), (task_6, new_6, *_) = mean[:3]
moved_varied, cleft_varied = mean[4][2:4]
lowest_3, lowest_control = min(x[1] for x in found[1::6]), min(x[4] for x in found)
