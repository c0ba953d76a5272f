"""What the chosen expert tells about a character, beside routers of random weights."""

import torch
from safetensors.torch import load_file

from snippets import plots
from snippets.shared.tiny_experts import KINDS, Experts, Tiny, read, test

letters, _, held_out = read()
NAMES = "space vowel consonant capital digit sign".split()
signs = {" ": 0, "\n": 0} | dict.fromkeys("aeiou", 1)  # the others by what they are
kind = [
    signs.get(c, 4 if c.isdigit() else 3 if c.isupper() else 2 if c.islower() else 5)
    for c in letters
]


def table(labels, experts):
    """The share of all tokens that has this label and goes to this expert."""
    pairs = torch.bincount(8 * labels + experts, minlength=8 * (labels.max() + 1))
    return pairs.view(-1, 8) / len(labels)  # (labels, 8)


def bits(labels, experts):
    """How many bits the expert tells about the label: 0 if nothing."""
    both = table(labels, experts)
    parts = (both.sum(1), both.sum(0), both.flatten())
    one, other, together = (torch.special.entr(part).sum() for part in parts)
    return ((one + other - together) / torch.log(torch.tensor(2))).item()


print("| router | could tell | character | kind | source |\n|---|--:|--:|--:|--:|")
torch.manual_seed(0)
ones, found, states = [], {"trained": [], "random": []}, []  # what a router reads
for seed in range(3):
    model = Tiny(len(letters), Experts(8, 32))
    model.load_state_dict(load_file(f"models/tiny-experts/{seed}.safetensors"))
    model.network.router.register_forward_hook(lambda _, x, logits: states.extend(x))
    characters = test(model, held_out)[1][:, :-1].flatten()
    sources = torch.arange(len(KINDS)).repeat_interleave(len(characters) // len(KINDS))
    labels = characters, torch.tensor(kind)[characters], sources
    drawn = [(states[-1] @ torch.randn(32, 8)).argmax(-1) for _ in range(20)]
    for router, choices in zip(found, ([model.network.chosen], drawn)):
        rows = [[bits(c, c), *(bits(x, c) for x in labels)] for c in choices]
        found[router].append(rows := torch.tensor(rows))  # (routers, columns)
        print(f"| {router}, seed {seed} |", *(f"{n:.2f} |" for n in rows.mean(0)))
    shares = torch.nn.functional.normalize(table(labels[1], model.network.chosen), 1)
    ones.append(f"{shares[0].max():.0%}")
    if seed == 0:
        names = [f"expert {number}" for number in range(1, 9)]
        plots.heatmap(shares, NAMES, names, "Nearly all spaces go to two, seed 0")
least = min(rows[0, 1].item() for rows in found["trained"])
most_random = max(rows[:, 1].max().item() for rows in found["random"])
print("\nOf the spaces, so many go to one expert:", ", ".join(ones))
