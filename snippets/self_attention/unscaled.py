"""The heads of MiniLM with the division by √d, and without it."""

from math import log

import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
sentence = "The robot watered the sunflowers because they were thirsty."
inputs = tokenizer(sentence, return_tensors="pt")
tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
with torch.no_grad():
    outputs = model(**inputs, output_hidden_states=True)


def maps(scaling):
    """The maps of all heads, each layer reading the same vectors as ever."""
    found = []
    for x, layer in zip(outputs.hidden_states, model.encoder.layer):
        layer.attention.self.scaling = scaling  # the library multiplies by 1/√d
        with torch.no_grad():
            found.append(layer.attention(x)[1][0])  # eager: the weights too
    return torch.stack(found)  # (layers, heads, tokens, tokens)


def top_and_entropy(weights):
    entropy = torch.special.entr(weights).sum(dim=-1) / log(2)  # in bits
    return weights.amax(dim=-1).mean().item(), entropy.mean().item()


scaled, unscaled = maps(32**-0.5), maps(1.0)
top, entropy = top_and_entropy(scaled[5, 11])
unscaled_top, unscaled_entropy = top_and_entropy(unscaled[5, 11])
all_top, all_entropy = top_and_entropy(scaled)
all_unscaled_top, all_unscaled_entropy = top_and_entropy(unscaled)
print("| average over all tokens | divided by √d_k | not divided |\n|---|---|---|")
print(f"| layer 6, head 12: top weight | {top:.2f} | {unscaled_top:.2f} |")
print(f"| layer 6, head 12: bits | {entropy:.2f} | {unscaled_entropy:.2f} |")
print(f"| all 72 heads: top weight | {all_top:.2f} | {all_unscaled_top:.2f} |")
print(f"| all 72 heads: bits | {all_entropy:.2f} | {all_unscaled_entropy:.2f} |")
# The logarithm of a row's weights is its scores, less one number for the whole row.
spreads = scaled.log().std(dim=-1).mean(dim=-1)  # (layers, heads)
least_spread, most_spread = spreads.min().item(), spreads.max().item()
mean_spread = spreads.mean().item()
pair = [scaled[5, 11], unscaled[5, 11]]
titles = ["divided by √d", "not divided"]
first, _ = plots.heatmaps(pair, titles, tokens, tokens, across=2)
first.figure.get_layout_engine().set(h_pad=0.1)  # room for the titles
