"""Two sentences of different lengths in one batch: padding ids and the attention mask."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
short = "The robot slept."
long = "The robot watered the sunflowers because they were thirsty."

batch = tokenizer([short, long], padding=True, return_tensors="pt")
print("short", *tokenizer.convert_ids_to_tokens(batch.input_ids[0]))
print("ids  ", *batch.input_ids[0].tolist())
print("mask ", *batch.attention_mask[0].tolist())
print("long ", *tokenizer.convert_ids_to_tokens(batch.input_ids[1]))
print("mask ", *batch.attention_mask[1].tolist())

with torch.no_grad():
    alone = model(**tokenizer(short, return_tensors="pt")).last_hidden_state[0]
    together = model(**batch).last_hidden_state[0, : len(alone)]  # (tokens, width)
    del batch["attention_mask"]  # forget it: the library then assumes all ones
    forgotten = model(**batch).last_hidden_state[0, : len(alone)]

with_mask = (alone - together).abs().max().item()
without_mask = (alone - forgotten).abs().max().item()
print(f"\nlargest change of the short sentence by padding: {with_mask:.0e} with the mask,")
print(f"{without_mask:.1f} without it")
