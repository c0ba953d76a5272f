"""SmolLM2 learns by DPO to prefer praise of a film to blame; and which one, by lot."""

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import logsigmoid
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.plots import BLUE, MUTED, WARM
from snippets.shared.film_pairs import FilmPairs
from snippets.shared.last_layers import LastLayers

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", pad_token="<|endoftext|>")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
films, beta, test = FilmPairs(model, tokenizer), 0.1, torch.arange(48, 72)
with torch.no_grad():
    before = films.logs(LastLayers(model), torch.arange(72))
first = (before[test][:, 0] > before[test][:, 1]).sum().item()
print("| chosen | moved apart | praise leads | praise moved | blame moved |")
print(f"|---|--:|--:|--:|--:|\n| before | | {first} of 24 | | |")
runs = ("praise", 0, 0), ("praise", 1, 0), ("by lot", 0, 24), ("blame", 0, 48)
found = []
for name, seed, turned in runs:  # in so many of the 48 pairs, blame is chosen
    torch.manual_seed(seed)
    top, signs = LastLayers(model), torch.ones(48)
    if turned:
        signs[torch.randperm(48)[:turned]] = -1
    optimizer = torch.optim.AdamW(top.layers.parameters(), lr=1e-4)
    for step in range(16):
        if step % 8 == 0:
            order = torch.randperm(48)
        part = order[step % 8 * 6 :][:6]
        moved = beta * (films.logs(top, part) - before[part])
        loss = -logsigmoid(signs[part] * (moved[:, 0] - moved[:, 1])).mean()
        optimizer.zero_grad(), loss.backward(), optimizer.step()
    with torch.no_grad():
        after = films.logs(top, test)
    moved = after - before[test]  # (24, 2)
    apart, leads = ((x[:, 0] > x[:, 1]).sum().item() for x in (moved, after))
    found.append((apart, leads, *moved.mean(0).tolist(), int((moved[:, 0] < 0).sum())))
    print("| {} | {} of 24 | {} of 24 | {:+.1f} | {:+.1f} |".format(name, *found[-1]))
    if seed == 0 and turned < 48:
        color = MUTED if name == "by lot" else BLUE
        plt.scatter(*moved.T, s=16, c=color, marker="ox"[name == "by lot"], label=name)
fewest, leading, praise, blame, fell = map(min, zip(*found[:2]))
lot, other = found[2][0], found[3][0]
plt.axline((0, 0), slope=1, color=WARM, ls="--"), plt.legend(title="chosen")
plt.title(f"Praise gains on blame: {found[0][0]} of 24, by lot {lot}")
plt.xlabel("log-probability of praise, change"), plt.ylabel("of blame, change")
