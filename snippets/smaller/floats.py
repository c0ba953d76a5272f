"""Sixteen bits a number: how far apart the neighbors stand, and what it changes."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2", pad_token="<|endoftext|>")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = ["<|endoftext|>" + line.split("\t")[1] for line in lines[:400:25]]
news.sort(key=lambda text: len(tokenizer(text).input_ids))  # so there is little padding
padded = {"padding": True, "padding_side": "right", "return_tensors": "pt"}
batches = [tokenizer(news[n : n + 4], **padded) for n in range(0, len(news), 4)]


def after(number, dtype):
    """The distance from a number to the next larger one that this type has."""
    one = torch.tensor(number, dtype=dtype)
    return (torch.nextafter(one, torch.tensor(torch.inf, dtype=dtype)) - one).item()


print("| type | bits | largest | next after 1 | next after 256 | other first choices |")
print("|---|--:|--:|--:|--:|--:|")
steps, changed, gaps, choices = {}, {}, None, None
for dtype in (torch.float32, torch.float16, torch.bfloat16):
    model = AutoModelForCausalLM.from_pretrained("models/smollm2", dtype=torch.float32)
    for weight in model.parameters():
        weight.data = weight.data.to(dtype).float()  # the weights alone are rounded
    best = []
    for batch in batches:
        seen = batch.attention_mask[:, 1:].bool()  # (4 texts, tokens - 1), no padding
        best.append(torch.stack(model(**batch).logits[:, :-1][seen].topk(2)))
    two, new = torch.cat(best, dim=1)  # logits and ids, (all tokens, 2)
    new = new[:, 0].long()
    if choices is None:  # those of float32
        gaps, choices = two[:, 0] - two[:, 1], new
    changed[dtype] = (new != choices).sum().item()
    about, steps[dtype] = torch.finfo(dtype), after(256.0, dtype)
    print(
        f"| {str(dtype)[6:]} | {about.bits} | {about.max:.1e} |"
        f" {after(1.0, dtype):.1e} |"
        f" {steps[dtype]:.2g} | {changed[dtype]} of {len(new)} |"
    )
tokens = len(choices)
_, half_step, brain_step = steps.values()
_, half_changed, brain_changed = changed.values()
brain_gap = gaps[new != choices].max().item()  # of those that bfloat16 changed
usual_gap = gaps.median().item()
print(f"\nGap of the two best logits: median {usual_gap:.2f}; where bfloat16 changed")
print(f"the choice, {brain_gap:.2f} at most.")
brain_next = 256 + brain_step
