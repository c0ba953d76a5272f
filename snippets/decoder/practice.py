"""Train SmolLM2 on one sentence: a step improves the guesses at all positions."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
model.requires_grad_(False)
last = model.model.layers[-6:].requires_grad_(True)  # the others stay as they are
optimizer = torch.optim.AdamW(last.parameters(), lr=2e-4)

start = "<|endoftext|>"
text = start + "The robot watered the sunflowers because they were thirsty."
batch = tokenizer(text, return_tensors="pt")
ids, steps = batch.input_ids, 10
rows, losses = [], []
tale = start + "Once upon a time, there was a little girl."
other = tokenizer(tale, return_tensors="pt")
other_before = model(**other, labels=other.input_ids).loss.item()
for step in range(steps + 1):
    output = model(ids, labels=ids)  # one pass, all positions
    probabilities = output.logits[0, :-1].softmax(-1)
    rows.append(probabilities.gather(1, ids[0, 1:, None])[:, 0].detach())
    losses.append(output.loss.item())
    if step < steps:
        optimizer.zero_grad()
        output.loss.backward()  # one gradient from all positions
        optimizer.step()

for step in range(0, steps + 1, 2):
    print(f"after {step:2} steps: loss {losses[step]:.2f}")
before, after = losses[0], losses[-1]
other_after = model(**other, labels=other.input_ids).loss.item()
print(f"loss on another text: {other_before:.2f} before, {other_after:.2f} after")
begun = tokenizer(start, return_tensors="pt")
written = tokenizer.decode(model.generate(**begun, max_new_tokens=11)[0, 1:])
print("it now writes:", written)

tokens = tokenizer.convert_ids_to_tokens(ids[0, 1:])
tokens = [token.replace("Ġ", "␣") for token in tokens]
table = torch.stack(rows)[::2]  # (6, tokens − 1)
labels = [f"step {step}" for step in range(0, steps + 1, 2)]
plots.heatmap(table, labels, tokens, "All positions learn in each step", top=1)
