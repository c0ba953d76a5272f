"""SmolLM2 with a window of 16 tokens, with and without the first ones: the loss."""

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = [line.split("\t")[1] for line in lines]
TOKENS, WINDOW, FIRST = 73, 16, 4
texts = ["<|endoftext|>" + " ".join(news[n : n + 12]) for n in range(0, 2000, 100)]
ids = torch.tensor([row[:TOKENS] for row in tokenizer(texts).input_ids])
place = torch.arange(TOKENS)
back = place[:, None] - place  # how far back each key stands, for each query
past = back >= 0
fewer = past & (back < WINDOW - FIRST)  # room for the first ones: as many are seen
ways = {
    "everything": past,
    "window": past & (back < WINDOW),
    "window, first 4": fewer | past & (place < FIRST),
    "window, 4 others": fewer | past & (place >= 8) & (place < 8 + FIRST),
}


def loss(seen):
    """The loss of each next token, if a query sees these keys alone: (texts, tokens)."""
    mask = torch.zeros(seen.shape).masked_fill(~seen, -torch.inf)
    found = []
    for part in ids.split(4):
        masks = mask.expand(len(part), 1, -1, -1)
        logits = model(part, attention_mask=masks, use_cache=False).logits[:, :-1]
        flat = cross_entropy(logits.flatten(0, 1), part[:, 1:].flatten(), reduction="none")
        found.append(flat.view(len(part), -1))
    return torch.cat(found)


print("keys seen         loss  lowest  highest  worse in")
found = {}
colors = [plots.MUTED, plots.WARM, plots.BLUE, plots.COOL]
for (name, seen), color, line in zip(ways.items(), colors, (":", "--", "-", "-.")):
    losses = loss(seen)
    late = losses[:, WINDOW + 12 :].mean(1)  # where all ways differ, for each text
    found[name] = late
    worse = (late > found["everything"]).sum().item()
    print(f"{name:16} {late.mean():5.2f} {late.min():7.2f} {late.max():8.2f}  {worse:8}")
    smooth = losses.mean(0).unfold(0, 8, 1).mean(-1)  # of eight tokens in a row
    plt.plot(range(8, TOKENS), smooth, line, color=color, label=name)
all_loss, window_loss, first_loss, other_loss = (x.mean().item() for x in found.values())
count = len(ids)
plt.axvline(WINDOW, color=plots.GRID)
plt.gca().set(xlabel="tokens read", ylabel="loss", title="Without the first tokens it breaks")
plt.legend()
