"""Every parameter of four real models, counted by the part that it belongs to."""

import matplotlib.pyplot as plt
from transformers import AutoModel

from snippets import plots
from snippets.shared.translator import Translator

models = {
    "MiniLM": AutoModel.from_pretrained("models/minilm"),
    "SmolLM2": AutoModel.from_pretrained("models/smollm2"),
    "Whisper": AutoModel.from_pretrained("models/whisper"),
    "en-pt": Translator.from_pretrained("models/en-pt"),
}
words = {  # a parameter belongs to the first part that has a word of its name
    "other": ("norm", "forget", "candidate", "conv", "pooler"),
    "cross-attention": ("encoder_attn",),
    "attention": ("attn", "attention"),
    "feed-forward": ("mlp", "fc", "intermediate", "output.dense"),
    "embeddings": ("embed", "shared"),
}
counts = {name: dict.fromkeys(words, 0) for name in models}
for model_name, model in models.items():
    for name, parameter in model.named_parameters():
        part = next(p for p in words if any(word in name.lower() for word in words[p]))
        counts[model_name][part] += parameter.numel()

totals = {name: sum(count.values()) for name, count in counts.items()}
shares = {}
for part in ("embeddings", "attention", "cross-attention", "feed-forward", "other"):
    shares[part] = [counts[name][part] / totals[name] for name in counts]
print("| part | " + " | ".join(counts) + " |\n|---|" + "---:|" * len(counts))
for part in shares:
    print(f"| {part} | " + " | ".join(f"{c[part]:,}" for c in counts.values()) + " |")
print("| **all** | " + " | ".join(f"**{total:,}**" for total in totals.values()) + " |")
minilm_embeddings, smollm2_embeddings = shares["embeddings"][:2]
minilm_feed, smollm2_feed = shares["feed-forward"][:2]
largest_other = max(shares["other"][:2])

colors = (plots.COOL, plots.BLUE, plots.VIOLET, plots.WARM, plots.CUT)
ax, left = plt.figure(figsize=(4.4, 2.6)).add_subplot(), [0.0] * len(counts)
hatches = ("", "//", "xx", "---", "")
for (part, share), color, hatch in zip(shares.items(), colors, hatches):
    fill = "none" if hatch else color
    ax.barh(list(counts), share, 0.7, left, color=fill, hatch=hatch, edgecolor=color,
            label=part)  # fmt: skip
    left = [start + more for start, more in zip(left, share)]
ax.invert_yaxis()
ax.set(xticks=[], title="Attention holds less than feed-forward")
ax.legend(ncols=3, loc="upper center", bbox_to_anchor=(0.45, -0.02))
