"""Two bytes per number, on the device that there is, and a text that comes by words."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, TextStreamer

device = "cuda" if torch.cuda.is_available() else "cpu"
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2", dtype=torch.bfloat16)
model.to(device)
bytes_a_number = model.get_memory_footprint() / model.num_parameters()
print(f"{model.dtype} on {model.device}, {bytes_a_number:.1f} bytes per number")

text = "<|endoftext|>The capital of France is"  # behind the end of another text
prompt = tokenizer(text, return_tensors="pt").to(device)
streamer = TextStreamer(tokenizer, skip_prompt=True)  # prints as soon as it can
ids = model.generate(**prompt, max_new_tokens=24, do_sample=False, streamer=streamer)

model = AutoModelForCausalLM.from_pretrained("models/smollm2").to(device)
with_32_bits = model.generate(**prompt, max_new_tokens=24, do_sample=False)
same = torch.equal(ids, with_32_bits)
print(f"in {model.dtype} the same text: {same}")
