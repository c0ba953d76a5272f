"""SmolLM2 with its positions moved, pressed together and pulled apart."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
text = "<|endoftext|>" + open("snippets/parallelism/story.txt", encoding="utf-8").read()
ids = tokenizer(text, return_tensors="pt").input_ids[:, :200]  # (1, tokens)
places = torch.arange(ids.shape[1])[None]  # (1, tokens)


def perplexity(positions):
    log_p = model(ids, position_ids=positions).logits[0, :-1].log_softmax(-1)
    return (-log_p.gather(1, ids[0, 1:, None])).mean().exp().item()


usual, moved = perplexity(places), perplexity(places + 5000)
half, double = perplexity(places / 2), perplexity(places * 2)
tenths = perplexity(places * 0.9)
print(f"0, 1, 2, …             {usual:6.1f}")
print(f"5000, 5001, 5002, …    {moved:6.1f}")
print(f"0, 0.9, 1.8, …         {tenths:6.1f}")
print(f"0, ½, 1, …             {half:6.1f}")
print(f"0, 2, 4, …             {double:6.1f}")
