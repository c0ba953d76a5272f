"""The first position of SmolLM2, layer by layer: its length, and the weight it gets."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModel.from_pretrained("models/smollm2", attn_implementation="eager")
texts = open("snippets/decoder/beginnings.txt", encoding="utf-8").read().splitlines()


def look(start):
    """Weight on the first two tokens, an even share, and both lengths."""
    found = []
    for text in texts:
        ids = tokenizer(start + text, return_tensors="pt").input_ids
        with torch.no_grad():
            output = model(ids, output_attentions=True, output_hidden_states=True)
        maps = torch.cat(output.attentions)[:, :, 4:]
        weights = maps.mean(dim=(1, 2))  # (layers, tokens)
        states = torch.cat(output.hidden_states[:-1])  # (layers, tokens, 576)
        even = (1 / torch.arange(5, 1 + ids.shape[1])).mean().expand(30)  # its rows
        length = states[:, 0].norm(dim=-1)
        others = states[:, 2:].norm(dim=-1).median(dim=1).values
        found.append(torch.stack([*weights[:, :2].T, even, length, others]))
    return torch.stack(found, dim=1)  # (5, texts, layers)


parts = {"3–9": slice(3, 10), "10–11": slice(10, 12), "12–29": slice(12, 30)}
print("| layers | length of first state | its weight | of the second | even share |")
print("|---|--:|--:|--:|--:|")
for name, start in {"nothing in front": "", "start token": "<|endoftext|>"}.items():
    first, second, even, length, others = look(start)
    for layers, part in parts.items():
        shares = " | ".join(f"{x[:, part].mean():.0%}" for x in (first, second, even))
        print(f"| {layers}, {name} | {length[:, part].mean():,.0f} | {shares} |")
early, _, late = (first[:, part].mean().item() for part in parts.values())
between, long_between = first[:, 11].mean().item(), length[:, 11].mean().item()
usual, even_share = others[:, 11].mean().item(), even.mean().item()
lowest_early = first[:, 3:10].mean(dim=1).min().item()  # of the texts
lowest_late = first[:, 12:].mean(dim=0).min().item()  # of the layers
word, count = second[:, 3:].mean().item(), len(texts)
long_early, long_late = length[:, 4].mean().item(), length[:, 15].mean().item()
figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(4.4, 4.2))
above.plot(first.mean(dim=0), color=plots.BLUE, marker="o", markersize=3)
above.set(ylim=(0, 1), ylabel="weight it gets", title="Twice long and much read")
below.semilogy(length.mean(dim=0), color=plots.BLUE, marker="o", markersize=3)
below.set_yticks([1, 100, 10_000], ["1", "100", "10,000"])
below.set_yticks([], minor=True)
below.set(ylabel="length of its state", xlabel="layer, from 0")
