"""How far padding moves a sentence embedding when the mask is used, or forgotten."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")


def embed(pads, in_model=True, in_average=True):
    inputs = tokenizer(
        "The robot watered the sunflowers because they were thirsty.",
        padding="max_length",
        max_length=14 + pads,  # 12 tokens, [CLS] and [SEP], then padding
        return_tensors="pt",
    )
    mask, ones = inputs.attention_mask, torch.ones_like(inputs.attention_mask)
    inputs["attention_mask"] = mask if in_model else ones
    with torch.no_grad():
        states = model(**inputs).last_hidden_state[0]  # (tokens, width)
    weights = (mask if in_average else ones).T  # (tokens, 1)
    return (weights * states).sum(dim=0) / weights.sum()  # (width)


pads = [0, 1, 2, 4, 8, 16, 32, 64]
ways = {
    "mask used twice": (True, True, plots.KEPT, "o-"),
    "forgotten in the model": (False, True, plots.COOL, "s--"),
    "forgotten in both": (False, False, plots.WARM, "^:"),
}
curves = {}
print("padding tokens:           0    4   16   64")
for name, (in_model, in_average, color, style) in ways.items():
    padded = torch.stack([embed(n, in_model, in_average) for n in pads])
    similarity = torch.cosine_similarity(padded, embed(0), dim=1)
    curves[name] = similarity
    plt.plot(range(len(pads)), similarity, style, color=color, label=name)
    some = " ".join(f"{number:.2f}" for number in similarity[[0, 3, 5, 7]])
    print(f"{name:23}{some}")
plt.xticks(range(len(pads)), pads)
plt.xlabel("padding tokens")
plt.ylabel("cosine with the unpadded")
plt.title("Without the mask, padding is read as text")
plt.ylim(0, 1.05)
plt.legend(loc="lower left")
used_64, model_64, both_64 = (curve[-1].item() for curve in curves.values())
both_8 = curves["forgotten in both"][4].item()
