"""A linear probe on MiniLM, “who does it?”, on new words and beside a control task."""

import random

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
nouns = """dog cat horse bird man woman boy girl king queen doctor teacher soldier
farmer lion wolf bear fox monkey robot driver student nurse judge artist baker pilot
sailor thief guard""".split()
verbs = (
    "chased followed helped watched pushed called kissed visited saved feared".split()
)
draw = random.Random(0)
draw.shuffle(nouns)
known, new = nouns[:20], nouns[20:]  # no probe is trained on a sentence with new ones
side = {
    noun: place % 2 for place, noun in enumerate(nouns)
}  # the control: drawn by lot


def sentences(words, count):
    # The nouns' states (layers, examples, 384); whether each does it; its side.
    texts, does, sides, places = [], [], [], []
    for _ in range(count):
        (one, other), verb = draw.sample(words, 2), draw.choice(verbs)
        passive = draw.random() < 0.5
        texts.append(f"the {one} {f'was {verb} by' if passive else verb} the {other}.")
        does += [not passive, passive]
        sides += [side[one], side[other]]
        places.append([2, 7 if passive else 5])
    inputs = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        states = torch.stack(model(**inputs, output_hidden_states=True).hidden_states)
    states = states[:, torch.arange(count)[:, None], torch.tensor(places)]
    return states.flatten(1, 2), torch.tensor(does), torch.tensor(sides).bool()


def score(x, y, tested, right):
    # A linear probe by least squares, with decay: its share of right answers.
    center, square = x.mean(dim=0), torch.cov(x.T) + 0.1 * torch.eye(x.shape[1])
    direction = torch.linalg.solve(square, (x - center).T @ (2.0 * y - 1))
    return (((tested - center) @ direction > 0) == right).float().mean().item()


train, same, other = sentences(known, 400), sentences(known, 150), sentences(new, 150)
print("| layer | who does it? | new words | control |\n|---|--:|--:|--:|")
rows = []
for x, y, z in zip(train[0], same[0], other[0]):
    asked = (train[1], y, same[1]), (train[1], z, other[1]), (train[2], y, same[2])
    rows.append([score(x, *one) for one in asked])
    print(f"| {len(rows) - 1} |", " | ".join(f"{share:.0%}" for share in rows[-1]), "|")
(task_0, new_0, _), (task_3, new_3, _), (task_6, new_6, _) = rows[::3]
lowest_control = min(row[2] for row in rows)
