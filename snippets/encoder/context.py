"""One word in four sentences: nearly one vector at first, two groups at the end."""

import torch
from torch.nn.functional import normalize
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm")
sentences = {
    "oak": "The bark of the oak is rough.",
    "moss": "Moss grows on the bark of the tree.",
    "dog": "The dog began to bark at the postman.",
    "puppy": "We heard a puppy bark all night.",
}
stacks = []
for sentence in sentences.values():
    inputs = tokenizer(sentence, return_tensors="pt")
    place = inputs.tokens().index("bark")
    with torch.no_grad():
        states = encoder(**inputs, output_hidden_states=True).hidden_states
    stacks.append(torch.stack([state[0, place] for state in states]))
bark = normalize(torch.stack(stacks, dim=1), dim=-1)  # (layers, sentences, width)
cosine = bark @ bark.transpose(1, 2)  # (layers, sentences, sentences)

print("after layer   same meaning   other meaning")
for layer, table in enumerate(cosine):
    same = (table[0, 1] + table[2, 3]) / 2
    other = table[:2, 2:].mean()
    print(f"{layer:>11}   {same:12.2f}   {other:13.2f}")
first_gap = (cosine[0, 0, 1] + cosine[0, 2, 3]) / 2 - cosine[0, :2, 2:].mean()
lowest_same = torch.min(table[0, 1], table[2, 3])
highest_other = table[:2, 2:].max()

labels = list(sentences)
plots.heatmap(table, labels, labels, "Two uses of bark, two blocks", numbers=True)
