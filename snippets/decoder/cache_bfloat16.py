"""Greedy texts with a cache and without: the same in four-byte numbers, not in two."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
lines = open("snippets/decoder/beginnings.txt", encoding="utf-8").read().splitlines()
begun = ["<|endoftext|>" + " ".join(line.split()[:4]) for line in lines]
rows = [row for row in tokenizer(begun).input_ids if len(row) == 5]
prompts, written = torch.tensor(rows[:6]), 24  # (texts, 5): no padding
same, ties = {}, {}
for dtype in (torch.float32, torch.bfloat16):
    model = AutoModelForCausalLM.from_pretrained("models/smollm2", dtype=dtype)
    greedy = {"do_sample": False, "max_new_tokens": written, "min_new_tokens": written}
    kept = model.generate(prompts, **greedy)  # (texts, 5 + written)
    again = model.generate(prompts, **greedy, use_cache=False)
    equal = (kept == again).all(1)
    best = model(again).logits[:, 4:-1].topk(2).values  # (texts, written, 2)
    same[dtype] = equal.sum().item()
    ties[dtype] = (best[..., 0] == best[..., 1]).sum().item()
    print(f"{str(dtype)[6:]:8}  {same[dtype]} of {len(prompts)} texts are the same,"
          f" {ties[dtype]} of {len(prompts) * written} places are shared")  # fmt: skip

row = int(equal.int().argmin())  # the first that is not the same in two bytes
place = int((kept[row] != again[row]).int().argmax())
print("with the cache:   ", tokenizer.decode(kept[row, 1 : place + 4]))
print("without the cache:", tokenizer.decode(again[row, 1 : place + 4]))
texts = len(prompts)
four_bytes, two_bytes = same.values()
four_ties, two_ties = ties.values()
