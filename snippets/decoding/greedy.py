"""Greedy decoding from scratch: take the most probable token, append it, ask again."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)

prompt = tokenizer("The robot watered the sunflowers because", return_tensors="pt")
new, past, tokens, total = prompt.input_ids, None, [], 0.0
for step in range(20):
    output = model(new, cache=past)  # the first call reads the whole prompt
    past = output.cache  # the KV cache: later calls read one token
    log_p = output.logits[0, -1].log_softmax(-1)  # (vocabulary,)
    token = log_p.argmax()
    total += log_p[token].item()
    tokens.append(token.item())
    if token == tokenizer.eos_token_id:
        break
    new = token.view(1, 1)

text = tokenizer.decode(tokens)
print(text)
print(f"log-probability of these {len(tokens)} tokens: {total:.2f}")

ours = prompt.input_ids[0].tolist() + tokens
library = model.generate(**prompt, max_new_tokens=20, do_sample=False)[0].tolist()
same = ours == library
print("token for token equal to generate:", same)
