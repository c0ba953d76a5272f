"""How full the experts are, with and without the loss that balances them."""

import matplotlib.pyplot as plt
import torch
from safetensors.torch import load_file

from snippets import plots
from snippets.shared.tiny_experts import Experts, Tiny, read, test, train

letters, learn, held_out = read()
print("| seed | balancing | busiest | least | in effect | no room | loss |")
print("|--:|---|--:|--:|--:|--:|--:|")
busiest, idlest, alike, dropped, losses = ({True: [], False: []} for _ in range(5))
for seed in range(3):
    balanced = Tiny(len(letters), Experts(8, 32))
    balanced.load_state_dict(load_file(f"models/tiny-experts/{seed}.safetensors"))
    free = train(learn, len(letters), 8, 32, seed, strength=0)
    for kept, model in ((True, balanced), (False, free)):
        losses[kept].append(test(model, held_out)[0])
        chosen = model.network.chosen  # (tokens,)
        share = chosen.bincount(minlength=8) / len(chosen)  # (experts,)
        busiest[kept].append(share.max().item())
        idlest[kept].append(share.min().item())
        alike[kept].append(torch.special.entr(share).sum().exp().item())
        # Of 256 tokens, an expert has room for a quarter more than its part.
        load = torch.nn.functional.one_hot(chosen, 8).view(-1, 256, 8).sum(1)
        dropped[kept].append((load - 40).clamp(min=0).sum().item() / len(chosen))
        numbers = f"{busiest[kept][-1]:.0%} | {idlest[kept][-1]:.1%}"
        word = "yes" if kept else "no"
        last = f"{dropped[kept][-1]:.0%} | {losses[kept][-1]:.3f}"
        print(f"| {seed} | {word} | {numbers} | {alike[kept][-1]:.1f} | {last} |")
        look = {"color": plots.BLUE} if kept else {"color": plots.WARM, "ls": "--"}
        label = f"{'with' if kept else 'without'} balancing" if seed == 0 else None
        plt.plot(range(1, 9), share.sort(descending=True)[0], label=label, **look)
plt.gca().set(xlabel="experts, the busiest first", ylabel="share of the tokens")
plt.title("With balancing, the load is more even"), plt.legend()
most_even, least_uneven = max(busiest[True]), min(busiest[False])
fewest_alike, most_uneven = min(alike[True]), max(alike[False])
largest, least_kept = max(busiest[False]), min(idlest[True])
least_free, most_free = min(idlest[False]), max(idlest[False])
costs = [a - b for a, b in zip(losses[True], losses[False])]
least_cost, most_cost, mean_cost = min(costs), max(costs), sum(costs) / 3
spread = max(max(found) - min(found) for found in losses.values())
most_dropped, least_dropped = max(dropped[True]), min(dropped[False])
