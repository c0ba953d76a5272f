"""SmolLM2 with a window of 16 tokens, with and without the first ones: the loss."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = [line.split("\t")[1] for line in lines]
TOKENS, WINDOW, FIRST = 49, 16, 4
texts = ["<|endoftext|>" + " ".join(news[n : n + 12]) for n in range(0, 1200, 150)]
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
    "window, first 1": past & ((back < WINDOW - 1) | (place < 1)),
}

print("keys seen         loss  lowest  highest  worse than all  better than window")
found = {}
for (name, seen), line in zip(ways.items(), (":", "--", "-", "-.", (0, (1, 3)))):
    mask = torch.where(seen, 0.0, -torch.inf).expand(len(ids), 1, -1, -1)
    logits = model(ids, attention_mask=mask, use_cache=False).logits[:, :-1]
    log_p = logits.log_softmax(-1).gather(2, ids[:, 1:, None])[..., 0]
    found[name] = -log_p[:, WINDOW + 12 :].mean(1)  # the last 20, where all ways differ
    smooth = -log_p.mean(0).unfold(0, 8, 1).mean(-1)  # of eight tokens in a row
    plt.plot(range(8, TOKENS), smooth, linestyle=line, label=name)
for name, late in found.items():
    worse, better = (late > found["everything"]).sum(), (late < found["window"]).sum()
    print(f"{name:16} {late.mean():5.2f} {late.min():7.2f} {late.max():8.2f}"
          f" {worse:15} {better:19}")  # fmt: skip
count, losses = len(ids), [x.mean().item() for x in found.values()]
all_loss, window_loss, first_loss, other_loss, one_loss = losses
one_worse = (found["window, first 1"] > found["everything"]).sum().item()
other_better = (found["window, 4 others"] < found["window"]).sum().item()
plt.axvline(WINDOW, ymax=0.7, color=plots.GRID)
plt.gca().set(xlabel="tokens read", ylabel="loss", ylim=(3.5, 9.6))
plt.title("SmolLM2 needs the first token"), plt.legend(loc="upper left", ncols=2)
