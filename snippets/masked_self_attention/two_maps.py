"""An encoder's head may look at the next token; no head of a decoder can."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

sentence = "The robot watered the sunflowers because they were thirsty."
figure, axes = plt.subplots(2, 1, figsize=(4.4, 8.4))
later = {}
for ax, name, layer, head, title in (
    (axes[0], "models/minilm", 1, 8, "Encoder: the next token, on the right"),
    (axes[1], "models/smollm2", 13, 8, "Decoder: nothing on the right"),
):
    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModel.from_pretrained(name, attn_implementation="eager")
    batch = tokenizer(sentence, return_tensors="pt")
    with torch.no_grad():
        attentions = model(**batch, output_attentions=True).attentions
    maps = torch.stack(attentions)[:, 0]  # (layers, heads, tokens, tokens)
    tokens = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
    tokens = [token.replace("Ġ", "␣") for token in tokens]
    plots.heatmap(maps[layer, head], tokens, tokens, title, top=1, ax=ax)
    later[name] = maps.triu(diagonal=1).sum(dim=-1).mean().item()
    if name == "models/minilm":
        next_token = maps[layer, head].diagonal(offset=1).mean().item()
        strongest = maps[layer, head, :-1].argmax(dim=-1)  # of all rows but the last
        with_next = len(strongest)
        strongest_next = int((strongest == torch.arange(with_next) + 1).sum())
    else:
        they, flowers = tokens.index("␣they"), tokens.index("flowers")
        they_to_flowers = maps[layer, head, they, flowers].item()

minilm_later, smollm2_later = later.values()
print(f"weight on later tokens, mean over all heads: MiniLM {minilm_later:.0%},"
      f" SmolLM2 {smollm2_later:.0%}")
