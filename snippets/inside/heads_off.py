"""The best heads off, as many random heads off, as many early heads off."""

import random

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForCausalLM

from snippets import plots
from snippets.shared.heads import LENGTH, look, losses_from, mean_outputs, off, repeated

eager, draw = {"attn_implementation": "eager"}, random.Random(0)
model = AutoModelForCausalLM.from_pretrained("models/smollm2", **eager)
torch.set_grad_enabled(False), torch.manual_seed(0)
chosen_on, tested_on = repeated(4), repeated(4)  # chosen on some, tested on others
instead, run = mean_outputs(model, chosen_on)
scores = look(run)[0]
states = model.model(tested_on, output_hidden_states=True).hidden_states
losses = losses_from(model, states, tested_on)  # what lies below is not run again
heads = [divmod(place, 9) for place in scores.flatten().argsort().flip(0).tolist()]
best, rest, number, draws, lots = heads[:8], heads[8:], 8, 5, 10
early = [head for head in rest if head[0] < 5]
near = [head for head in rest if head[0] in {layer for layer, _ in best}]
tried = {"none": [[]], f"best {number}": [best]}
for name, these in {"random": rest, "early": early, "same layers": near}.items():
    tried[name] = [draw.sample(these, number) for _ in range(draws)]
tried["random"] += [draw.sample(rest, number) for _ in range(lots - draws)]
found = {}
print("| off | sets | first half | second | lowest | highest |\n|-" + 5 * "|-:" + "|")
for name, sets in tried.items():
    halves = []
    for some in sets:
        with off(model, some, instead):
            loss = losses(min(some, default=(29,))[0]).mean(dim=0)
        halves.append((loss[:LENGTH].mean().item(), loss[LENGTH + 1 :].mean().item()))
    first, found[name] = zip(*halves)
    print(f"| {name} | {len(sets)} | {sum(first) / len(sets):.1f}"
          f" | {sum(found[name]) / len(sets):.1f}"
          f" | {min(found[name]):.1f} | {max(found[name]):.1f} |")  # fmt: skip
(whole,), (without,), *controls = found.values()
highest_chance, highest_early, highest_near = map(max, controls)
median, lowest_early = torch.tensor(controls[0]).median().item(), min(controls[1])
with_head = sum((16, 0) in some for some in tried["random"])  # it begins the chain
print(f"\nRandom sets with head 0 of layer 16: {with_head}; median {median:.1f}.")
ax = plt.figure(figsize=(4.4, 2.4)).add_subplot()
for place, some in enumerate(found.values()):
    ax.plot(some, [place] * len(some), "o", color=plots.BLUE, alpha=0.7)
ax.set(xlabel="loss of the second half", xlim=0, ylim=(4.5, -0.5))
ax.set_yticks(range(len(found)), found), ax.set_title("The best, and some early ones")
