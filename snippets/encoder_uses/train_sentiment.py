"""Fine-tune the upper half of MiniLM to tell praise from blame in film reviews."""

import random

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

rows = sorted({line.strip() for line in open("models/rated-sentences/films.tsv")})
rows = [(float(rating), text) for rating, text in (row.split("\t") for row in rows)]
clear = [(text, int(rating > 0)) for rating, text in rows if abs(rating) > 1]
random.Random(0).shuffle(clear)
training = clear[1000:3500]  # the first thousand are held out

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
training.sort(key=lambda pair: len(tokenizer(pair[0]).input_ids))
batches = [training[i : i + 16] for i in range(0, len(training), 16)]
random.Random(0).shuffle(batches)  # each of sentences of like length: little padding
training_examples, steps = len(training), len(batches)

torch.manual_seed(0)
model = AutoModelForSequenceClassification.from_pretrained(
    "models/minilm", id2label={0: "NEGATIVE", 1: "POSITIVE"},
    label2id={"NEGATIVE": 0, "POSITIVE": 1},
)  # fmt: skip
for part in (model.bert.embeddings, *model.bert.encoder.layer[:3]):
    part.requires_grad_(False)  # what the lower half knows, it keeps
moving = [weight for weight in model.parameters() if weight.requires_grad]
trained_share = sum(w.numel() for w in moving) / model.num_parameters()
optimizer = torch.optim.AdamW(moving, lr=1.5e-4)
pace = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1.5e-4, steps, pct_start=0.1)

model.train()
losses = []
for batch in batches:
    texts, labels = zip(*batch)
    options = {"padding": True, "truncation": True, "max_length": 64}
    inputs = tokenizer(list(texts), **options, return_tensors="pt")
    loss = model(**inputs, labels=torch.tensor(labels)).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(moving, 1.0)
    optimizer.step(), pace.step(), optimizer.zero_grad()
    losses.append(loss.item())
model.save_pretrained("models/minilm-sentiment")
tokenizer.save_pretrained("models/minilm-sentiment")

first_loss, last_loss = (sum(part) / 20 for part in (losses[:20], losses[-20:]))
print(f"loss: {first_loss:.2f} in the first 20 steps, {last_loss:.2f} in the last 20")
means = [sum(losses[i : i + 10]) / 10 for i in range(steps - 9)]
plt.plot(losses, "C0", linewidth=0.5), plt.plot(range(9, steps), means, "C0")
plt.xlabel("step"), plt.ylabel("loss")
plt.title("The loss falls within a hundred steps")
