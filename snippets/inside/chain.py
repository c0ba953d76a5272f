"""Heads that look one back, off: what becomes of those that look behind the copy?"""

import random

import torch
from transformers import AutoModelForCausalLM

from snippets.shared import heads

eager = {"attn_implementation": "eager"}
model = AutoModelForCausalLM.from_pretrained("models/smollm2", **eager)
torch.set_grad_enabled(False), torch.manual_seed(0)
chosen_on, tested_on, half = heads.repeated(4), heads.repeated(4), heads.LENGTH
instead, run = heads.mean_outputs(model, chosen_on)
behind, back = heads.look(run)
best = behind.flatten().topk(4).indices  # all of them in layers 17 and 18
below = back[:17].flatten().topk(3).indices.tolist()  # the layers below these
one_back = [divmod(place, 9) for place in below]
draw, kept, loss = random.Random(0), [], []


def others():
    """For each head of `one_back` another one of its layer."""
    return [(layer, draw.choice([h for h in range(9) if (layer, h) not in one_back]))
            for layer, _ in one_back]  # fmt: skip


def one_off_at(rows):
    """Head 0 of layer 16 hands on its mean at these places alone."""

    def replace(_, inputs):
        inputs[0][:, rows, :64] = instead[16, 0]

    out = model.model.layers[16].self_attn.o_proj
    return out.register_forward_pre_hook(replace)


def measure(name):
    """The best heads' weight behind the copy, and the loss of the second half."""
    run = model(tested_on, output_attentions=True, logits_to_keep=half)
    kept.append(heads.look(run)[0].flatten()[best].mean().item())
    loss.append(heads.losses_of(run, tested_on[:, -half:]).mean().item())
    print(f"| {name} | {kept[-1]:.2f} | {loss[-1]:.1f} |")


print("| heads off | weight behind the copy | loss, second half |\n|---|--:|--:|")
sets = [[], *([head] for head in one_back), one_back[1:], *(others() for _ in range(3))]
names = ["none", *4 * ["one back"], *3 * ["others"]]
for name, some in zip(names, sets):
    with heads.off(model, some, instead):
        measure(f"{name} {some or ''}")
for which, rows in ("first", slice(half + 1)), ("second", slice(half + 1, None)):
    hook = one_off_at(rows)
    measure(f"(16, 0), in the {which} half alone")
    hook.remove()
whole, without, *two, _, _, _, in_first, in_second = kept
loss_whole, loss_without, *two_losses, _, _, _, loss_in_first, loss_in_second = loss
lowest_two, highest_two_loss = min(two), max(two_losses)
lowest_control, highest_control_loss = min(kept[5:8]), max(loss[5:8])
