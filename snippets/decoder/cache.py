"""The same text written with and without a KV cache: same tokens, less work."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)
prompt = tokenizer("The robot watered the sunflowers because", return_tensors="pt")


def write(cached, steps=24):
    ids = prompt.input_ids
    new, past, positions = ids, None, 0
    for step in range(steps):
        output = model(new, cache=past, use_cache=cached)
        past = output.cache  # keys and values of all that was read
        positions += new.shape[1]
        token = output.logits[:, -1].argmax(-1, keepdim=True)  # (1, 1)
        ids = torch.cat([ids, token], dim=1)
        new = token if cached else ids  # one token, or everything again
    return ids, positions


with_ids, with_positions = write(cached=True)
without_ids, without_positions = write(cached=False)
same = torch.equal(with_ids, without_ids)
ratio_positions = without_positions / with_positions
tokens = with_ids.shape[1]
print("same tokens:", same)
print(f"positions computed: {without_positions} without, {with_positions} with")
