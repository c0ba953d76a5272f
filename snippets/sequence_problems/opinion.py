"""Sequence classification: one label for a whole text, with its probability."""

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm-sentiment")
model = AutoModelForSequenceClassification.from_pretrained("models/minilm-sentiment")
sentences = {
    "A warm, funny film that I will watch again.": "positive",
    "The jokes are old, the songs are long, and I loved it.": "positive",
    "The food was cold and the waiter was rude.": "negative",
    "Not a dull moment.": "positive",
    "The film was so good that I left after ten minutes.": "negative",
    "The robot watered the sunflowers because they were thirsty.": "neither",
}
batch = tokenizer(list(sentences), padding=True, return_tensors="pt")
with torch.no_grad():
    probabilities = model(**batch).logits.softmax(dim=-1)  # (sentences, labels)

labels = [name.lower() for name in model.config.id2label.values()]
print(f"| sentence | {' | '.join(labels)} | we say |\n|---|---|---|---|")
wrong, sure_and_wrong = 0, 0.0
for (sentence, truth), row in zip(sentences.items(), probabilities.tolist()):
    best = row.index(max(row))
    cells = [f"{value:.2f}" for value in row]
    if labels[best] != truth:
        cells[best] = f"**{cells[best]}**"
        wrong, sure_and_wrong = wrong + 1, max(sure_and_wrong, max(row))
    print(f"| {sentence} | {' | '.join(cells)} | {truth} |")
asked, robot = len(sentences), max(row)
