"""How far padding moves a sentence embedding when the mask is used, or forgotten."""

from pathlib import Path

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
running = "The robot watered the sunflowers because they were thirsty."


def embed(pads, in_model=True, in_average=True, text=running):
    length = len(tokenizer(text).input_ids) + pads
    how = {"padding": "max_length", "max_length": length, "return_tensors": "pt"}
    inputs = tokenizer(text, **how)
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
    curves[name] = similarity = torch.cosine_similarity(padded, embed(0), dim=1)
    plt.plot(range(len(pads)), similarity, style, color=color, label=name)
    print(f"{name:22}", *(f"{number:.2f}" for number in similarity[[0, 3, 5, 7]]))
plt.xticks(range(len(pads)), pads)
plt.gca().set(xlabel="padding tokens", ylabel="cosine with the unpadded")
plt.ylim(0, 1.05)
plt.title("Without the mask, padding is read as text")
plt.legend(loc="lower left")
used_64, model_64, both_64 = (curve[-1].item() for curve in curves.values())
both_8 = curves["forgotten in both"][4].item()

# What is near? The other sentences of a story about the same robot.
story = Path("snippets/input_representation/garden.txt").read_text("utf-8")
texts = [text + "." for text in story.replace("\n", " ").split(". ") if text]
apart = torch.stack([embed(0, text=text) for text in texts if text != running])
cosines = torch.cosine_similarity(apart, embed(0), dim=1)  # (sentences)
others, nearest = cosines.mean().item(), cosines.max().item()
print(f"other sentences: mean {others:.2f}, nearest {nearest:.2f}")
