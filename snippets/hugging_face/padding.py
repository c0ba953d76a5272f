"""A batch needs padding, and padding needs the mask: with it, without it."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
texts = ["Sunflowers turn.", "The robot watered them because they were thirsty."]

batch = tokenizer(texts, padding=True, return_tensors="pt")
print(*tokenizer.convert_ids_to_tokens(batch.input_ids[0]))
print(batch.attention_mask[0].tolist())
with torch.no_grad():
    alone = model(**tokenizer(texts[0], return_tensors="pt")).last_hidden_state[0]
    masked = model(**batch).last_hidden_state[0]  # (tokens and padding, 384)
    unmasked = model(batch.input_ids).last_hidden_state[0]

length = len(alone)  # the tokens that are not padding
with_mask = (masked[:length] - alone).norm() / alone.norm()
without_mask = (unmasked[:length] - alone).norm() / alone.norm()
with_mask, without_mask = with_mask.item(), without_mask.item()
print(f"change of the short text's vectors, with its mask: {with_mask:.7f}")
print(f"the same without the mask:                         {without_mask:.2f}")

mean_of_all = masked.mean(dim=0)  # forgets that some rows are padding
mean_of_words = masked[:length].mean(dim=0)
mean_change = (mean_of_all - mean_of_words).norm() / mean_of_words.norm()
mean_change = mean_change.item()
print(f"averaging over the padding too changes the mean by {mean_change:.2f}")
