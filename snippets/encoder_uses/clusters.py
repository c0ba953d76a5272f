"""Group sixty sentences by their embeddings, without telling the program the topics."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm")
parts = open("snippets/encoder/topics.txt").read().split("# ")[1:]
topics = [part.splitlines()[0] for part in parts]
sentences = [line for part in parts for line in part.splitlines()[1:]]
truth = torch.arange(5).repeat_interleave(12)  # (sentences,)
inputs = tokenizer(sentences, padding=True, return_tensors="pt")
mask = inputs.attention_mask.unsqueeze(-1)
with torch.no_grad():
    hidden = encoder(**inputs).last_hidden_state
vectors = torch.nn.functional.normalize((hidden * mask).sum(1), dim=-1)


def k_means(seed):
    torch.manual_seed(seed)
    centers = vectors[torch.randperm(60)[:5]]  # (clusters, width)
    for _ in range(30):
        nearest = torch.cdist(vectors, centers).argmin(1)  # (sentences,)
        groups = [vectors[nearest == c] for c in range(5)]
        centers = torch.stack([g.mean(0) if len(g) else vectors[0] for g in groups])
    return torch.cdist(vectors, centers).min(1).values.sum(), seed, nearest


best, _, nearest = min(map(k_means, range(10)))  # the tightest of ten starts
table = (truth * 5 + nearest).bincount(minlength=25).view(5, 5)  # (topics, clusters)
pairs = lambda counts: (counts * (counts - 1) / 2).sum().item()
together, rows, columns = pairs(table), pairs(table.sum(1)), pairs(table.sum(0))
chance = rows * columns / pairs(torch.tensor([60]))
rand_index = (together - chance) / ((rows + columns) / 2 - chance)
pure = table.max(0).values.sum().item()
print(f"adjusted Rand index {rand_index:.2f}; {pure} of 60 in their topic's group")
homes = table.argmax(0)[nearest]  # (sentences,): the main topic of each one's group
for i in (homes != truth).nonzero().flatten():
    print(f"{topics[truth[i]]} found among {topics[homes[i]]}: {sentences[i]}")

centered = vectors - vectors.mean(0)
plane = centered @ torch.linalg.svd(centered).Vh[:2].T  # (sentences, 2)
colors = [plots.BLUE, plots.WARM, plots.COOL, plots.VIOLET, plots.MUTED]
for topic, marker in enumerate("osD^X"):  # the sign is the topic, the color the group
    found = [colors[home] for home in homes[truth == topic]]
    plt.scatter(*plane[truth == topic].T, s=26, c=found, marker=marker)
    plt.scatter([], [], color=colors[topic], marker=marker, label=topics[topic])
ring = {"s": 110, "facecolor": "none", "edgecolor": plots.INK, "lw": 1}
plt.scatter(*plane[homes != truth].T, **ring), plt.legend(ncols=3, loc="upper center")
plt.axis("off"), plt.ylim(top=plane[:, 1].max() * 1.6), plt.title("Rings: strays")
