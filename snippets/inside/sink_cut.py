"""Parts of the first state are zero before some layers: who looks there still?"""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModel.from_pretrained("models/smollm2", attn_implementation="eager")
texts = open("snippets/decoder/beginnings.txt", encoding="utf-8").read().splitlines()
texts = ["<|endoftext|>" + text for text in texts]
# Padding stands at the end, where no row of a text can see it.
batch = tokenizer(texts, padding=True, padding_side="right", return_tensors="pt")
kept = batch.attention_mask[:, None, 4:]  # (texts, 1, tokens − 4)


# What becomes of the first state (texts, 576):
cut = lambda number: lambda first: first.index_fill(1, torch.tensor([number]), 0)
all_but = lambda number: lambda first: first - cut(number)(first)


def push(seed):
    # As far as the cut of number 507, in a random direction without this number.
    way = cut(507)(torch.randn(1, 576, generator=torch.manual_seed(seed)))
    return lambda first: first + first[:, [507]].abs() * way / way.norm()


def weight(change, layers):
    """The weight on the first token, with its state changed: (texts, layers)."""

    def hook(module, inputs):
        inputs[0][:, 0] = change(inputs[0][:, 0])  # (texts, 576)

    hooks = [model.layers[layer].register_forward_pre_hook(hook) for layer in layers]
    with torch.no_grad():
        maps = torch.stack(model(**batch, output_attentions=True).attentions)
    for one in hooks:
        one.remove()
    return ((maps[..., 4:, 0] * kept).sum(dim=3) / kept.sum(dim=2)).mean(dim=2).T


ways = {"nothing": (cut(507), []), "number 507": (cut(507), range(30)),
        "number 507, before 0–2 alone": (cut(507), range(3)),
        "number 507, before 3 alone": (cut(507), [3]),
        "all but number 507": (all_but(507), range(30))}  # fmt: skip
print("| changed | layers 3–9 | highest text | lowest text | layers 12–29 |")
print("|---|--:|--:|--:|--:|")
found = []
for name, way in ways.items():
    weights = weight(*way)
    some, later = weights[:, 3:10].mean(dim=1), weights[:, 12:].mean()  # (texts,), ()
    found.append([x.item() for x in (some.mean(), some.max(), some.min(), later)])
    print(f"| {name} |", " | ".join(f"{share:.0%}" for share in found[-1]), "|")
model.layers = model.layers[:10]  # of the controls, layers 3 to 9 are asked for
pushed = [weight(push(seed), [3])[:, 3:].mean().item() for seed in range(8)]
next_largest = 260, 247, 285, 100, 542, 496, 446, 421  # in layers 3 to 9
others = [weight(all_but(n), range(10))[:, 3:].mean().item() for n in next_largest]
least, most, pushes, most_other = min(pushed), max(pushed), len(pushed), max(others)
print(f"\nPushed as far before 3 alone, {pushes} ways: {least:.0%} to {most:.0%}  ")
print(f"All but one of the eight next largest: {most_other:.0%} at most")
(whole, everywhere, below, once, alone), highest, _, late = zip(*found)
highest_cut, cut_late, alone_late = highest[1], late[1], late[4]
