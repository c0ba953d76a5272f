"""All 72 attention maps of the encoder for one sentence, side by side."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
inputs = tokenizer("The dog chased the ball because it was bored.", return_tensors="pt")
with torch.no_grad():
    attentions = encoder(**inputs, output_attentions=True).attentions
words = tokenizer.convert_ids_to_tokens(inputs.input_ids[0])

figure, grid = plt.subplots(12, 6, figsize=(4.4, 8.4))
for layer, column in enumerate(grid.T):
    for head, ax in enumerate(column):
        title = f"layer {layer + 1}, head {head + 1}"
        plots.heatmap(attentions[layer][0, head], words, words, title, top=1.0, ax=ax)
        ax.set_title("")
        ax.set_xticks([]), ax.set_yticks([])
        ax.set_xticks([], minor=True), ax.set_yticks([], minor=True)
        ax.set_frame_on(True)
        ax.spines[:].set_visible(True)
        ax.spines[:].set(color=plots.GRID, linewidth=0.8)
    column[0].set_title(f"layer {layer + 1}", fontsize=8, fontweight="normal")
for head, row in enumerate(grid):
    name = f"head {head + 1}"
    row[0].set_ylabel(name, fontsize=7, rotation=0, ha="right", va="center")
heads, tokens = grid.size, inputs.input_ids.shape[1]
print(f"{heads} maps of {tokens} × {tokens} weights")
