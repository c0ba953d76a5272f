"""Three ways to hand labels to the library: right, shifted by mistake, answer only."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)

text = "<|endoftext|>The capital of France is Paris."
ids = tokenizer(text, return_tensors="pt").input_ids
print("tokens:      ", tokenizer.convert_ids_to_tokens(ids[0]))

right = model(ids, labels=ids).loss.item()
print(f"labels = ids: {right:.2f}")

# A mistake: the library shifts the labels itself, so these are shifted twice.
shifted = torch.cat([ids[:, 1:], torch.full((1, 1), -100)], dim=1)
twice = model(ids, labels=shifted).loss.item()
print(f"shifted twice: {twice:.2f}")

# −100 means: no exercise here. The question is read, but only the answer counts.
answer = ids.clone()
answer[:, :6] = -100  # <|endoftext|>The capital of France is
answer_loss = model(ids, labels=answer).loss.item()
counted = (answer != -100).sum().item()
print(f"answer only: {answer_loss:.2f}, over {counted} tokens")

# The same mistake on other sentences.
losses = []
for line in open("snippets/decoder/beginnings.txt", encoding="utf-8"):
    ids = tokenizer("<|endoftext|>" + line.strip(), return_tensors="pt").input_ids
    shifted = torch.cat([ids[:, 1:], torch.full((1, 1), -100)], dim=1)
    losses.append(model(ids, labels=shifted).loss.item())
others, twice_mean = len(losses), sum(losses) / len(losses)
print(f"shifted twice, {others} other sentences: {twice_mean:.2f} on average,"
      f" {min(losses):.1f} to {max(losses):.1f}")  # fmt: skip
