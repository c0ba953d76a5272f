"""Train MiniLM to tag persons, organizations and places, from weak labels."""

import random

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

from snippets.shared.tagging import NUMBER, first_pieces

made, found = "models/made-sentences", "models/found-sentences"
lines = [line for folder in (made, found) for line in open(f"{folder}/train.tsv")]
examples = [[part.split(" ") for part in line.strip().split("\t")] for line in lines]
random.Random(0).shuffle(examples)
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
pieces = tokenizer([text for text, _ in examples], is_split_into_words=True).input_ids
by_length = sorted(range(len(examples)), key=lambda number: len(pieces[number]))
shortest = [examples[number] for number in by_length[:3200]]
batches = [shortest[i : i + 16] for i in range(0, 3200, 16)]  # of like length each
random.Random(0).shuffle(batches)

torch.manual_seed(0)
model = AutoModelForTokenClassification.from_pretrained(
    "models/minilm", id2label={i: tag for tag, i in NUMBER.items()}, label2id=NUMBER
)
for part in (model.bert.embeddings, *model.bert.encoder.layer[:2]):
    part.requires_grad_(False)
moving = [weight for weight in model.parameters() if weight.requires_grad]
optimizer = torch.optim.AdamW(moving, lr=5e-4)
pace = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-4, len(batches), pct_start=0.1)

model.train()
losses = []
for batch in batches:
    texts, tags = zip(*batch)
    inputs = tokenizer(
        list(texts), is_split_into_words=True, padding=True, return_tensors="pt"
    )
    labels = torch.full(inputs.input_ids.shape, -100)  # (sentences, pieces)
    for row, sentence in enumerate(tags):  # -100 means: not scored
        scored = [NUMBER.get(tag, -100) for tag in sentence]
        labels[row, first_pieces(inputs, row)] = torch.tensor(scored)
    loss = model(**inputs, labels=labels).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(moving, 1.0)
    optimizer.step(), pace.step(), optimizer.zero_grad()
    losses.append(loss.item())
sentences, steps = len(shortest), len(batches)
model.save_pretrained("models/minilm-ner")
tokenizer.save_pretrained("models/minilm-ner")

plt.plot(losses, linewidth=1), plt.title("The loss of the name tagger falls early")
