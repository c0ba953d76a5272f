"""The cache of what was read is handed over, under its name and under a wrong one."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
text = "<|endoftext|>The capital of France is"  # behind the end of another text
ids = tokenizer(text, return_tensors="pt").input_ids


def best(outputs):
    return tokenizer.decode(outputs.logits[0, -1].argmax())


with torch.no_grad():
    whole = best(model(ids))
    cache = model(ids[:, :-1]).cache  # of all tokens but the last
    lost = best(model(ids[:, -1:], cahce=cache))  # sic
    kept = best(model(ids[:, -1:], cache=cache))
    last_alone = best(model(ids[:, -1:]))
print(f"all tokens:           {whole!r}")
print(f"last token and cache: {kept!r}")
print(f"last token and cahce: {lost!r}")
print(f"last token alone:     {last_alone!r}")
