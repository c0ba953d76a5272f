"""Students of MiniLM: its first layers, and a matrix fitted to its last vectors."""

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer

from snippets import plots

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
teacher = AutoModel.from_pretrained("models/minilm")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = [line.split("\t")[1] for line in lines if len(line) < 150][:900]
place = sorted(range(900), key=lambda n: len(news[n]))  # of like length: little padding
found = torch.empty(7, 900, 384)  # the mean over the tokens, after each layer
for at in range(0, 900, 50):
    texts = [news[n] for n in place[at : at + 50]]
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    mask = batch.attention_mask[..., None]  # (texts, tokens, 1)
    states = torch.stack(teacher(**batch, output_hidden_states=True).hidden_states)
    found[:, place[at : at + 50]] = (states * mask).sum(2) / mask.sum(1)

last = normalize(found[-1], dim=-1)  # (900, 384): what the teacher says
learn, test = slice(0, 800), slice(800, 900)


def nearness(vectors):
    """The mean cosine with the teacher's vectors, on the texts of the test."""
    return (normalize(vectors[test], dim=-1) * last[test]).sum(-1).mean().item()


def fitted(x, wanted):
    """x times the matrix that brings it nearest to these vectors on the other texts."""
    square = x[learn].T @ x[learn] + 0.01 * torch.eye(384)  # so that it can be inverted
    return x @ torch.linalg.solve(square, x[learn].T @ wanted[learn])


plain = [nearness(x) for x in found]
taught = [nearness(fitted(x, last)) for x in found]
control = [nearness(fitted(x, last.roll(400, 0))) for x in found]  # of another text
one_for_all = nearness(last[learn].mean(0).expand(900, 384))
print("layers kept          ", *(f"{n:5}" for n in range(7)))
print("as they are          ", *(f"{cosine:5.2f}" for cosine in plain))
print("fitted to the teacher", *(f"{cosine:5.2f}" for cosine in taught))
print("fitted to other texts", *(f"{cosine:5.2f}" for cosine in control))
print(f"one vector for all texts: {one_for_all:.2f}")
none_kept, half_kept, half_plain = taught[0], taught[3], plain[3]
most_control = max(control)
plt.plot(taught, "o-", color=plots.BLUE, label="fitted to the teacher")
plt.plot(plain, "s--", color=plots.WARM, label="as they are")
plt.plot(control, ":", color=plots.MUTED, label="fitted to other texts")
plt.gca().set(xlabel="layers kept", ylabel="cosine with the teacher")
plt.title("Fewer layers, taught by all"), plt.legend()
