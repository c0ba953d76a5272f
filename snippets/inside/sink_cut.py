"""One number of the first state is zero before each layer: who looks there still?"""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModel.from_pretrained("models/smollm2", attn_implementation="eager")
texts = open("snippets/decoder/beginnings.txt", encoding="utf-8").read().splitlines()
texts = ["<|endoftext|>" + text for text in texts]
# Padding stands at the end, where no row of a text can see it.
batch = tokenizer(texts, padding=True, padding_side="right", return_tensors="pt")
kept = batch.attention_mask[:, None, 4:]  # (texts, 1, tokens − 4)


def weight(place, number):
    """The weight on the first token, of each text and layer, with that number cut."""

    def cut(module, inputs):
        if number is not None:
            inputs[0][:, place, number] = 0

    hooks = [layer.register_forward_pre_hook(cut) for layer in model.layers]
    with torch.no_grad():
        maps = torch.stack(model(**batch, output_attentions=True).attentions)
    for hook in hooks:
        hook.remove()
    first = (maps[..., 4:, 0] * kept).sum(dim=3) / kept.sum(dim=2)
    return first.mean(dim=2).T  # (texts, layers)


cuts = {"nothing": (0, None), "number 507 of the first state": (0, 507),
        "number 247 of the first state": (0, 247),
        "number 507 of the second state": (1, 507)}  # fmt: skip
print("| cut | layers 3–9 | highest text | lowest text | layers 12–29 |")
print("|---|--:|--:|--:|--:|")
early, late, highest, lowest = {}, {}, {}, {}
for name, (place, number) in cuts.items():
    weights = weight(place, number)
    some = weights[:, 3:10].mean(dim=1)  # (texts,)
    early[name], late[name] = some.mean().item(), weights[:, 12:].mean().item()
    highest[name], lowest[name] = some.max().item(), some.min().item()
    print(f"| {name} | {early[name]:.0%} | {highest[name]:.0%} | {lowest[name]:.0%}"
          f" | {late[name]:.0%} |")  # fmt: skip
whole, cut, other_number, other_state = early.values()
whole_late, cut_late = list(late.values())[:2]
highest_cut = list(highest.values())[1]
lowest_control = min(list(lowest.values())[2:])
