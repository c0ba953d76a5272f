"""A linear probe on MiniLM, “who does it?”, on new words and beside a control task."""

import random

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm").requires_grad_(False)
nouns = """dog cat horse bird man woman boy girl king queen doctor teacher soldier
farmer lion wolf bear fox monkey robot driver student nurse judge artist baker pilot
sailor thief guard""".split()
verbs = "chased followed helped watched pushed called kissed visited saved".split()


def sentences(words, count, cleft=False):
    # The nouns' states (layers, examples, 384); whether each does it; its side.
    texts, does, sides, places = [], [], [], []
    for _ in range(count):
        (one, other), verb = draw.sample(words, 2), draw.choice(verbs)
        passive = not cleft and draw.random() < 0.5
        first = f"it was the {one} that" if cleft else f"the {one}"
        texts.append(f"{first} {f'was {verb} by' if passive else verb} the {other}.")
        does += [not passive, passive]
        sides += [side[one], side[other]]
        places.append([4, 8] if cleft else [2, 7 if passive else 5])
    inputs = tokenizer(texts, padding=True, return_tensors="pt")
    states = torch.stack(model(**inputs, output_hidden_states=True).hidden_states)
    states = states[:, torch.arange(count)[:, None], torch.tensor(places)]
    return states.flatten(1, 2), torch.tensor(does), torch.tensor(sides).bool()


def score(x, y, tested, right):
    # A linear probe by least squares, with decay: its share of right answers.
    center, square = x.mean(dim=0), torch.cov(x.T) + 0.1 * torch.eye(x.shape[1])
    direction = torch.linalg.solve(square, (x - center).T @ (2.0 * y - 1))
    return (((tested - center) @ direction > 0) == right).float().mean().item()


found = []  # of each split: rows of shares, one for each layer
for split in range(4):
    draw = random.Random(split)
    words = draw.sample(nouns, len(nouns))  # no probe learns from the last ten
    side = {noun: place % 2 for place, noun in enumerate(words)}  # drawn by lot
    (x, does, sides), same = sentences(words[:20], 400), sentences(words[:20], 150)
    others = [sentences(words[20:], 150), sentences(words[20:], 50, cleft=True)]
    asked = [(does, z, r) for z, r, _ in (same, *others)] + [(sides, *same[::2])]
    found.append([[score(x[n], *y, z[n], r) for *y, z, r in asked] for n in range(7)])
table = torch.tensor(found)  # (splits, layers, 4)
mean, lowest = table.mean(dim=0), table.amin(dim=0)
print("| layers | known | new words | lowest | “it was” | control |\n|" + 6 * "-:|")
for layer, shares in enumerate(mean.tolist()):
    shares.insert(2, lowest[layer, 1].item())
    print(f"| {layer} |", " | ".join(f"{share:.0%}" for share in shares), "|")
(_, new_0, cleft_0, _), (_, new_3, cleft_3, _), (task_6, new_6, *_) = mean[::3].tolist()
lowest_3, lowest_control = lowest[3, 1].item(), lowest[:, 3].min().item()
