"""Greedy texts with a cache and without: the same in four-byte numbers, not in two."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
lines = open("snippets/decoder/beginnings.txt", encoding="utf-8").read().splitlines()
begun = ["<|endoftext|>" + " ".join(line.split()[:4]) for line in lines]
rows = [row for row in tokenizer(begun).input_ids if len(row) == 5]
prompts, written = torch.tensor(rows), 10  # (texts, 5): no padding
same = {}
for dtype in (torch.float32, torch.bfloat16):
    model = AutoModelForCausalLM.from_pretrained("models/smollm2", dtype=dtype)
    greedy = {"do_sample": False, "max_new_tokens": written, "min_new_tokens": written}
    kept = model.generate(prompts, **greedy)  # (texts, 5 + written)
    again = model.generate(prompts, **greedy, use_cache=False)
    equal = (kept == again).all(1)
    same[dtype] = equal.sum().item()
    print(f"{str(dtype)[6:]:8}  {same[dtype]} of {len(prompts)} texts are the same")

# The last, in two bytes: how far are the two best logits apart where a text parts?
best = model(again).logits[:, 4:-1].float().topk(2).values  # (texts, written, 2)
gaps = best[..., 0] - best[..., 1]
parted = ~equal
places = (kept != again).int().argmax(1)  # of the first other token
there = gaps[parted, places[parted] - 5]
usual, widest = gaps.median().item(), there.max().item()
shared = (there == 0).sum().item()
print(f"two best logits, median: {usual:.2f} apart; where a text parts: at most"
      f" {widest:.3f}, in {shared} equal")  # fmt: skip
row, place = int(parted.int().argmax()), int(places[parted][0])
print("with the cache:   ", tokenizer.decode(kept[row, 1 : place + 1]))
print("without the cache:", tokenizer.decode(again[row, 1 : place + 1]))
texts = len(prompts)
four_bytes, two_bytes = same.values()
parting = texts - two_bytes
