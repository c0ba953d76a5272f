"""Two sentences of different lengths in one batch: padding and the attention mask."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
short = "The robot slept."
long = "The robot watered the sunflowers because they were thirsty."

batch = tokenizer([short, long], padding=True, return_tensors="pt")
tokens = [tokenizer.convert_ids_to_tokens(ids) for ids in batch.input_ids]
print("short", *tokens[0])
print("ids  ", *batch.input_ids[0].tolist())
print("mask ", *batch.attention_mask[0].tolist())
print("long ", *tokens[1])
print("mask ", *batch.attention_mask[1].tolist())

left = tokenizer([short, long], padding=True, padding_side="left", return_tensors="pt")
counted = (left.attention_mask.cumsum(dim=1) - 1).clamp(min=0)  # from [CLS]
with torch.no_grad():
    alone = model(**tokenizer(short, return_tensors="pt")).last_hidden_state[0]
    together = model(**batch).last_hidden_state[0, : len(alone)]  # (tokens, width)
    in_front = model(**left).last_hidden_state[0, -len(alone) :]
    moved = model(**left, position_ids=counted).last_hidden_state[0, -len(alone) :]
    del batch["attention_mask"]  # forget it: the library then assumes all ones
    forgotten = model(**batch).last_hidden_state[0, : len(alone)]

same_with_mask = torch.allclose(alone, together, atol=1e-4)  # up to rounding
without_mask = (alone - forgotten).abs().max().item()
print(f"\nwith the mask as if alone: {same_with_mask}")
print(f"without it, the largest change: {without_mask:.1f}")
left_change = (alone - in_front).abs().max().item()
same_moved = torch.allclose(alone, moved, atol=1e-4)
print(f"with the mask, the padding in front: {left_change:.1f}")
print(f"and with positions from the first word on as if alone: {same_moved}")
