"""What each layer of SmolLM2 would say: the logit lens and a learned one, 120 texts."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)
rows = list(open("models/rated-sentences/news.tsv", encoding="utf-8"))
starts = tokenizer([row.split("\t")[1] for row in rows]).input_ids
starts = [[0, *ids[:11]] for ids in starts if len(ids) >= 11][:: len(rows) // 300]
tested, learned_on = torch.tensor(starts[:120]), torch.tensor(starts[120:220])


def states(ids):
    """After the embedding and each layer, by the last norm: (31, texts, 12, 576)."""
    found = model.model(ids, output_hidden_states=True).hidden_states
    return torch.stack([*map(model.model.norm, found[:-1]), found[-1]])  # the last is


choices = lambda vectors: model.lm_head(vectors).argmax(dim=-1)

there, known = states(tested)[:, :, -1], states(learned_on)[:, :, 1:].flatten(1, 2)
final = choices(there[-1])  # (texts,)
mixed = known[-1][torch.randperm(known.shape[1], generator=torch.manual_seed(0))]
plain = torch.stack([choices(z) == final for z in there]).float()  # (31, texts)
some, learned, shuffled = range(0, 31, 5), [], []
for x, z in zip(known[::5], there[::5]):  # (examples, 576), (texts, 576)
    center, square = x.mean(dim=0), torch.cov(x.T, correction=0)
    square += 0.02 * square.diagonal().mean() * torch.eye(len(square))
    for y, lens in (known[-1], learned), (mixed, shuffled):
        map_ = torch.linalg.solve(square, (x - center).T @ (y - y.mean(dim=0)) / len(x))
        lens.append((choices((z - center) @ map_ + y.mean(dim=0)) == final).float())
stays = 31 - plain.flip(0).cumprod(dim=0).sum(dim=0)  # layers done: it leads for good
sure = stays[model.lm_head(there[-1]).softmax(dim=-1).amax(dim=-1) >= 0.5]
texts, examples, sure_texts = len(final), known.shape[1], len(sure)
stays_median, sure_median = (int(x.median().item()) for x in (stays, sure))
late, only_last = ((stays >= n).float().mean().item() for n in (28, 30))
print("layers done  logit lens  learned  shuffled")
for layer, *shares in zip(some, plain[::5], learned, shuffled):
    print(f"{layer:11}", *(f"{share.mean():9.0%}" for share in shares))
only_plain_20 = (plain[20] > learned[4]).sum().item()  # texts, paired
learned, shuffled = (torch.stack(x).mean(dim=1).tolist() for x in (learned, shuffled))
(plain_20, plain_25), most_shuffled = plain[20:26:5].mean(dim=1).tolist(), max(shuffled)
learned_0, learned_20, learned_25, learned_30 = learned[0], *learned[4:]
ax = plt.figure(figsize=(4.4, 2.8)).add_subplot(xlabel="layers done", ylim=(0, 1))
ax.plot(plain.mean(dim=1), color=plots.BLUE, marker="o", ms=3, label="logit lens")
ax.plot(some, learned, color=plots.WARM, linestyle="--", label="learned lens")
ax.plot(some, shuffled, color=plots.MUTED, linestyle=":", label="learned, shuffled")
ax.set_title("The final choice leads late"), ax.legend()
