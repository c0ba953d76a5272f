"""Writing: predict, append, read everything again. Equal to the library's generate."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)

prompt = tokenizer("The robot watered the sunflowers because", return_tensors="pt")
ids = prompt.input_ids  # (1, tokens)
for step in range(8):
    logits = model(ids).logits[0, -1]  # (vocabulary,): only the last row is needed
    ids = torch.cat([ids, logits.argmax().view(1, 1)], dim=1)
    print(step + 1, tokenizer.decode(ids[0]))

library = model.generate(**prompt, max_new_tokens=8, do_sample=False)
same = torch.equal(ids, library)
print("same tokens as generate:", same)
