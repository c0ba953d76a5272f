"""Sampling from scratch: temperature, top-k and top-p, then one draw a step."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)


def filtered(logits, temperature, k, p):
    logits = logits / temperature
    logits = logits.masked_fill(logits < logits.topk(k).values[..., -1:], -torch.inf)
    ordered, places = logits.sort()
    tail = ordered.softmax(-1).cumsum(-1) <= 1 - p
    tail[..., -1] = False
    return logits.masked_fill(tail.scatter(-1, places, tail), -torch.inf)


prompt = tokenizer("The robot watered the sunflowers because", return_tensors="pt")
new, past, tokens = prompt.input_ids, None, []
torch.manual_seed(0)
for step in range(20):
    output = model(new, cache=past)
    past = output.cache
    logits = filtered(output.logits[:, -1], temperature=0.8, k=40, p=0.9)
    new = torch.multinomial(logits.softmax(-1), num_samples=1)  # (1, 1): the draw
    tokens.append(new.item())
    if new == tokenizer.eos_token_id:
        break

text = tokenizer.decode(tokens)
print(text)

torch.manual_seed(0)
settings = {"do_sample": True, "temperature": 0.8, "top_k": 40, "top_p": 0.9}
library = model.generate(**prompt, max_new_tokens=20, **settings)[0].tolist()
same = prompt.input_ids[0].tolist() + tokens == library
print("the same draws as generate:", same)
