"""A later word changes: no earlier state of SmolLM2 moves, all of MiniLM's do."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

one = "The robot watered the sunflowers because they were thirsty."
other = "The robot watered the sunflowers because they were broken."
figure, axes = plt.subplots(2, 1, figsize=(4.4, 5.6))
earlier = {}
for ax, name, title in (
    (axes[0], "models/smollm2", "Decoder: the past stays as it was"),
    (axes[1], "models/minilm", "Encoder: every token notices"),
):
    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModel.from_pretrained(name)
    states = []
    for sentence in (one, other):
        batch = tokenizer(sentence, return_tensors="pt")
        with torch.no_grad():
            outputs = model(**batch, output_hidden_states=True)
        states.append(torch.stack(outputs.hidden_states)[:, 0])  # (layers, tokens, d)
    before, after = states
    change = (before - after).norm(dim=-1) / before.norm(dim=-1)  # (layers, tokens)
    tokens = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
    tokens = [token.replace("Ġ", "␣") for token in tokens]
    changed = next(i for i, token in enumerate(tokens) if "broken" in token)
    tokens[changed] = "?"
    shown = range(0, len(change), len(change) // 6)  # seven of them
    labels = [f"layer {number}" if number else "embedding" for number in shown]
    plots.heatmap(change[shown], labels, tokens, title, top=1, ax=ax)
    earlier[name] = change[1:, :changed]
    print(f"{name}: change of the tokens before the new word,"
          f" mean {earlier[name].mean():.1%}, largest {earlier[name].max():.1%}")

largest_decoder = earlier["models/smollm2"].max().item()
smallest_encoder = earlier["models/minilm"].min().item()
mean_encoder = earlier["models/minilm"].mean().item()
last_encoder = earlier["models/minilm"][-1].mean().item()
