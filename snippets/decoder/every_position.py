"""One pass of SmolLM2 over a sentence is one exercise in guessing at each position."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)

text = "<|endoftext|>The robot watered the sunflowers because they were thirsty."
ids = tokenizer(text, return_tensors="pt").input_ids  # (1, tokens)
log_p = model(ids).logits[0].log_softmax(-1)  # (tokens, vocabulary)
guesses, targets = log_p[:-1], ids[0, 1:]  # what follows is the answer
losses = -guesses.gather(1, targets[:, None])[:, 0]  # (tokens − 1,)
loss = losses.mean().item()
perplexity = losses.mean().exp().item()

print("| it has read | likeliest next | right answer | the model gave it | loss |")
print("|---|---|---|--:|--:|")
for read, row, target, one in zip(ids[0], guesses, targets, losses):
    cells = [tokenizer.decode(id).strip() for id in (read, row.argmax(), target)]
    cells[0] = "the start" if read == ids[0, 0] else f"… {cells[0]}"
    odds = float(f"{one.exp():.2g}")  # two digits are meant
    print("|", " | ".join(cells), f"| 1 in {odds:,.0f} | {one:.2f} |")

exercises = len(targets)
dearest = (losses.topk(2).values.sum() / losses.sum()).item()  # share of two tokens
instead = tokenizer.decode(guesses[2].argmax()).strip()  # after “The robot”
correct = (guesses.argmax(-1) == targets).sum().item()
library = model(ids, labels=ids).loss.item()
difference = abs(loss - library)
# The slow way: a pass for each beginning of the sentence, only its last row used.
slow = [model(ids[:, :n]).logits[0, -1].log_softmax(-1) for n in range(1, ids.shape[1])]
slow_difference = (torch.stack(slow) - guesses).abs().max().item()
