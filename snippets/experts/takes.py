"""What the chosen expert tells about a character, beside routers of two other kinds."""

import torch
from safetensors.torch import load_file
from torch.nn import Linear, Sequential, Softmax, functional

from snippets import plots
from snippets.shared.mutual import EXPERTS, NAMES, bits, kind, table
from snippets.shared.tiny_experts import KINDS, Experts, Tiny, read, test

letters, learn, held_out = read()
kinds = torch.tensor([kind(letter) for letter in letters])
sources = torch.arange(len(KINDS)).repeat_interleave(250 * 32)  # one for each token


def taught(x, sources):
    """A router that learns to tell the source, and nothing else."""
    network = Sequential(Linear(32, 8, bias=False), Softmax(-1), Linear(8, len(KINDS)))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.03)
    for _ in range(200):
        optimizer.zero_grad(), functional.cross_entropy(network(x), sources).backward()
        optimizer.step()
    return network[0].weight.detach().T


print("| router | could tell | character | kind | source |\n|---|--:|--:|--:|--:|")
torch.manual_seed(0)
ones, states, found = [], [], {}
for seed in range(3):
    model = Tiny(len(letters), Experts(8, 32))
    model.load_state_dict(load_file(f"models/tiny-experts/{seed}.safetensors"))
    model.network.router.register_forward_hook(lambda _, x, logits: states.extend(x))
    characters = [test(model, ids)[1][:, :-1].flatten() for ids in (learn, held_out)][1]
    labels = characters, kinds[characters], sources
    seen, x = states[-2:]  # what a router reads, (tokens, 32)
    routers = {
        "trained": [model.network.router.weight.T],
        "random": [torch.randn(32, 8) for _ in range(20)],
        "for the source": [taught(seen[::4], sources[::4])],
    }
    for name, matrices in routers.items():
        choices = [(x @ router).argmax(-1) for router in matrices]
        rows = [[bits(one, c) for one in (c, *labels)] for c in choices]
        found[name, seed] = rows = torch.tensor(rows)  # (routers, columns)
        print(f"| {name}, seed {seed} |", *(f"{n:.2f} |" for n in rows.mean(0)))
    shares = functional.normalize(table(labels[1], model.network.chosen), 1)
    ones.append(f"{shares[0].max():.0%}")
    if seed == 0:
        plots.heatmap(shares, NAMES, EXPERTS, "Nearly all spaces go to two, seed 0")
print("\nOf the spaces, so many go to one expert:", ", ".join(ones))
least = min(found["trained", seed][0, 1].item() for seed in range(3))
most_random = max(found["random", seed][:, 1].max().item() for seed in range(3))
