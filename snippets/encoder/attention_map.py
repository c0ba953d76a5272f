"""The attention map of one encoder head, and two controls for what it seems to say."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")


def look(sentence):
    inputs = tokenizer(sentence, return_tensors="pt")
    with torch.no_grad():
        attentions = encoder(**inputs, output_attentions=True).attentions
    maps = torch.cat(attentions)  # (layers, heads, queries, keys)
    tokens, head = inputs.tokens(), maps[5, 11]  # layer 6, head 12: (queries, keys)
    it, dog, ball = (tokens.index(word) for word in ("it", "dog", "ball"))
    found = head[it, dog], head[it, ball], head[:, dog].mean()
    print(sentence)
    print("   it → dog {:.2f}   it → ball {:.2f}   average → dog {:.2f}".format(*found))
    return maps, tokens, *found


maps, tokens, it_to_dog, it_to_ball, all_to_dog = look(
    "The dog chased the ball because it was bored."
)
_, _, control_to_dog, control_to_ball, control_all = look(
    "The dog chased the ball because it was round."
)
_, _, exchanged_to_dog, exchanged_to_ball, exchanged_all = look(
    "The ball chased the dog because it was bored."
)
later_share = maps.triu(1).sum() / maps.sum()
first_share = maps[..., 0].sum() / maps.sum()  # on [CLS]
later_of_rest = maps.triu(1).sum() / maps[..., 1:].sum()
print(f"weight on later tokens, all 72 heads: {later_share:.0%}")

shown = "head = 12"
for head, weights in enumerate(maps[5], start=1):  # layer 6
    strongest = weights.argmax(dim=-1)  # (queries,)
    most = strongest.mode().values.item()
    rows = (strongest == most).sum().item()
    title = f"{rows} of {len(tokens)} rows look at {tokens[most]} most"
    plots.heatmap(weights, tokens, tokens, title, top=1)
    plt.gcf().set_label(f"head = {head}")
