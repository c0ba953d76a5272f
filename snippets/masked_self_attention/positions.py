"""Padding on the left moves the positions: learned ones mind, rotary ones do not."""

import torch
from transformers import AutoModel, AutoTokenizer

sentence = "The robot watered the sunflowers because they were thirsty."
pads = 6
print("| model | positions | counted from the padding | counted from the text |")
print("|---|---|--:|--:|")
change = {}
for name, kind in (("models/minilm", "learned"), ("models/smollm2", "rotary")):
    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModel.from_pretrained(name)
    ids = tokenizer(sentence, return_tensors="pt").input_ids
    padding = torch.full((1, pads), tokenizer.pad_token_id)
    padded = torch.cat([padding, ids], dim=1)
    mask = torch.cat([torch.zeros_like(padding), torch.ones_like(ids)], dim=1)
    from_text = (mask.cumsum(dim=1) - 1).clamp(min=0)  # 0 0 0 0 0 0 0 1 2 3 …
    from_padding = torch.arange(padded.shape[1])[None]  # 0 1 2 3 4 5 6 7 8 9 …
    with torch.no_grad():
        alone = model(ids).last_hidden_state
        shares = []
        for position_ids in (from_padding, from_text):
            states = model(
                padded, attention_mask=mask, position_ids=position_ids
            ).last_hidden_state[:, pads:]
            shares.append(((states - alone).norm() / alone.norm()).item())
    change[kind] = shares
    print(f"| {name.split('/')[1]} | {kind} | {shares[0]:.2%} | {shares[1]:.2%} |")
learned_moved, learned_fixed = change["learned"]
rotary_moved, rotary_fixed = change["rotary"]
