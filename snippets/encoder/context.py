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


def compare(word, texts):
    """Cosines of the word's vectors: (layers, sentences, sentences)."""
    stacks = []
    for text in texts:
        inputs = tokenizer(text, return_tensors="pt")
        place = inputs.tokens().index(word)
        with torch.no_grad():
            states = encoder(**inputs, output_hidden_states=True).hidden_states
        stacks.append(torch.stack([state[0, place] for state in states]))
    vectors = normalize(torch.stack(stacks, dim=1), dim=-1)
    return vectors @ vectors.transpose(1, 2)


cosine = compare("bark", sentences.values())
print("after layer   same meaning   other meaning")
for layer, table in enumerate(cosine):
    same = (table[0, 1] + table[2, 3]) / 2
    other = table[:2, 2:].mean()
    print(f"{layer:>11}   {same:12.2f}   {other:13.2f}")
first_gap = (cosine[0, 0, 1] + cosine[0, 2, 3]) / 2 - cosine[0, :2, 2:].mean()
lowest_same = torch.min(table[0, 1], table[2, 3])
highest_other = table[:2, 2:].max()

nouns = nearer = clean = 0  # other words, each a noun in both of its meanings
for line in open("snippets/encoder/two_meanings.txt", encoding="utf-8"):
    word, *texts = line.strip().split(" | ")
    last = compare(word, texts)[-1]  # (sentences, sentences)
    alike, mixed = torch.stack([last[0, 1], last[2, 3]]), last[:2, 2:]
    nouns += 1
    nearer += (alike.mean() > mixed.mean()).item()
    clean += (alike.min() > mixed.max()).item()
print(f"{nouns} nouns: on average nearer {nearer}, in two clean groups {clean}")

labels = list(sentences)
plots.heatmap(table, labels, labels, "Two uses of bark, two blocks", numbers=True)
