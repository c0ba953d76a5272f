"""How many different tokens does sampling draw, if you set no top-k?"""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
prompt = tokenizer("<|endoftext|>The", return_tensors="pt")
draw = {"do_sample": True, "temperature": 1.0, "max_new_tokens": 1}


def different(**more):
    torch.manual_seed(0)
    ids = model.generate(**prompt, **draw, num_return_sequences=400, **more)
    return len(set(ids[:, -1].tolist()))


configured = model.generation_config.top_k
unset, off = different(), different(top_k=0)
print(f"top_k in the model's configuration: {configured}")
print("different tokens in 400 draws")
print(f"  top_k not set: {unset}\n  top_k=0:       {off}")
