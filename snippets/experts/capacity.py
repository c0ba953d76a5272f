"""The tiny models with room for so many tokens an expert: the others pass it by."""

from safetensors.torch import load_file
from torch.nn.functional import one_hot

from snippets.shared.tiny_experts import Experts, Tiny, read, test

letters, _, held_out = read()
GROUP, COUNT = 256, 8  # tokens that are routed together, experts


def full(chosen, room):
    """Whether its expert has no room left for a token, first come, first served."""
    tokens = one_hot(chosen, COUNT).view(-1, GROUP, COUNT)  # (groups, tokens, experts)
    place = (tokens.cumsum(1) * tokens).sum(-1).flatten()  # 1 for the first that came
    return place > room


print("| factor | room for | pass by | mean loss |\n|--:|--:|--:|--:|")
passing, losses = {}, {}
for factor in (1.0, 1.25, 2.0, 8.0):
    room, shares, found = int(factor * GROUP / COUNT), [], []
    for seed in range(3):
        model = Tiny(len(letters), Experts(COUNT, 32))
        model.load_state_dict(load_file(f"models/tiny-experts/{seed}.safetensors"))

        def drop(network, _, made):
            out = full(network.chosen, room)[:, None]
            shares.append(out.float().mean().item())
            return made.masked_fill(out, 0)  # the residual connection goes on alone

        model.network.register_forward_hook(drop)
        found.append(test(model, held_out)[0])
    passing[factor], losses[factor] = sum(shares) / 3, sum(found) / 3
    told = f"{passing[factor]:.1%} | {losses[factor]:.3f}"
    print(f"| {factor:g} | {room} | {told} |")
tight, roomy, double, every = passing.values()
tight_loss, roomy_loss, double_loss, whole_loss = losses.values()
