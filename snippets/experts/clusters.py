"""Eight clusters of the states that a router reads: what they tell of a character."""

import torch
from safetensors.torch import load_file
from torch.nn.functional import normalize, one_hot

from snippets.shared.mutual import bits
from snippets.shared.tiny_experts import Experts, Tiny, read, test

letters, learn, held_out = read()
torch.manual_seed(0)


def clusters(x):
    """A router whose columns are the middles of eight clusters of these states."""
    router = x[torch.randperm(len(x))[:8]].T  # (32, 8), eight states to begin with
    for _ in range(30):  # each column becomes the middle of the states that chose it
        router = normalize(x.T @ one_hot((x @ router).argmax(-1), 8).float(), dim=0)
    return router


print("| router | could tell | character |\n|---|--:|--:|")
states, found = [], []
for seed in range(3):
    model = Tiny(len(letters), Experts(8, 32))
    model.load_state_dict(load_file(f"models/tiny-experts/{seed}.safetensors"))
    model.network.router.register_forward_hook(lambda _, x, logits: states.extend(x))
    test(model, learn)
    characters = test(model, held_out)[1][:, :-1].flatten()
    seen, x = states[-2:]
    choices = [(x @ clusters(seen[::5])).argmax(-1) for _ in range(10)]
    found.append(torch.tensor([[bits(c, c), bits(characters, c)] for c in choices]))
    print(f"| clusters, seed {seed} |", *(f"{n:.2f} |" for n in found[-1].mean(0)))
told = torch.stack(found)[..., 1]  # (seeds, starts)
means, best = told.mean(1), told.max().item()
least, most = means.min().item(), means.max().item()
