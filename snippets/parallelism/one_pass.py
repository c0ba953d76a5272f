"""SmolLM2 reads 128 tokens in one pass, then one by one with a cache: same logits."""

import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

name = "models/smollm2"  # elsewhere: "HuggingFaceTB/SmolLM2-135M-Instruct"
text = open("snippets/parallelism/story.txt").read()  # elsewhere: any long text
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.set_grad_enabled(False)
torch.set_num_threads(1)  # one core, so that its seconds can be counted
tokenizer = AutoTokenizer.from_pretrained(name)
model = AutoModelForCausalLM.from_pretrained(name, dtype=torch.float32).to(device)
ids = tokenizer(text, return_tensors="pt").input_ids[:, :128].to(device)  # (1, 128)


def clock():
    if device == "cpu":
        return time.process_time()
    torch.cuda.synchronize()  # Python runs ahead of a GPU: wait for it
    return time.perf_counter()


model(ids[:, :9])  # the first call also sets things up
read_seconds = []
for _ in range(3):  # it is short, so the least of three counts
    start_seconds = clock()
    at_once = model(ids).logits  # (1, 128, vocabulary)
    read_seconds.append(clock() - start_seconds)

past, rows = None, []
start_seconds = clock()
for token in ids[0]:
    output = model(token.view(1, 1), cache=past)
    past = output.cache
    rows.append(output.logits)
steps_seconds = clock() - start_seconds
one_by_one = torch.cat(rows, dim=1)

tokens, passes = ids.shape[1], len(rows)
exercises = tokens - 1  # every token but the first is a right answer
difference = (one_by_one - at_once).abs().max().item()
largest = at_once.abs().max().item()
same_choice = (one_by_one.argmax(-1) == at_once.argmax(-1)).sum().item()
ratio_seconds = steps_seconds / min(read_seconds)
print("device:", torch.cuda.get_device_name() if device == "cuda" else device)
print(f"largest logit {largest:.0f}, largest difference {difference:.0e}")
print(f"same first choice at {same_choice} of {tokens} positions")
print(f"1 pass against {passes}: time, one by one / at once: {ratio_seconds:.0f}")
