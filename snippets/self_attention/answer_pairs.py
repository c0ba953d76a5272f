"""Twelve new pairs for the three heads that did best on the first six."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
best = [(3, 5), (4, 0), (4, 5)]  # layer and head, counted from 0: right in 8 of 12
pairs = [  # the first ending speaks of the first noun, the second of the second
    ("The wolf killed the sheep because it was", "wolf hungry", "sheep weak"),
    ("The boat hit the rock because it was", "boat fast", "rock hidden"),
    ("The mouse ate the cheese because it was", "mouse hungry", "cheese soft"),
    ("The car passed the bus because it was", "car fast", "bus slow"),
    ("The cow ate the grass because it was", "cow hungry", "grass green"),
    ("The storm broke the house because it was", "storm strong", "house old"),
    ("The bear climbed the tree because it was", "bear afraid", "tree tall"),
    ("The table did not fit the door because it was too", "table wide", "door narrow"),
    ("The ball broke the window because it was", "ball hard", "window fragile"),
    ("The fish ate the worm because it was", "fish hungry", "worm tasty"),
    ("The lion chased the deer because it was", "lion hungry", "deer slow"),
    ("The truck hit the tunnel because it was too", "truck high", "tunnel low"),
]


def lead(start, ending, first, second):
    """How much more weight “it” gives the first noun, in each head."""
    inputs = tokenizer(f"{start} {ending}.", return_tensors="pt")
    tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    with torch.no_grad():
        weights = torch.cat(model(**inputs, output_attentions=True).attentions)
    it = weights[:, :, tokens.index("it")]  # (layers, heads, tokens)
    return it[..., tokens.index(first)] - it[..., tokens.index(second)]


to_meant, to_other = torch.zeros(2, 6, 12)  # pairs in which the choice changes
for start, one, other in pairs:
    (first, ending), (second, other_ending) = one.split(), other.split()
    if_first = lead(start, ending, first, second)
    if_second = lead(start, other_ending, first, second)
    to_meant += (if_first > 0) & (if_second < 0)
    to_other += (if_first < 0) & (if_second > 0)
right = len(pairs) + to_meant - to_other  # who never changes is right once a pair
picked = [int(right[head]) for head in best]
least_picked, most_picked, sentences = min(picked), max(picked), 2 * len(pairs)
meant, changes = int(to_meant.sum()), int((to_meant + to_other).sum())
example_changes = int((to_meant + to_other)[5, 11])  # of layer 6, head 12
print(f"the three heads are right in {picked} of {sentences} new sentences")
print(f"changes of choice, all heads: {changes}, to the noun that is meant: {meant}")
