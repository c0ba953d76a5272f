"""Perplexity of SmolLM2 on six texts: low where it is at home, high where not."""

from statistics import median

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)

texts = {
    "counting": "one, two, three, four, five, six, seven, eight, nine, ten",
    "a fairy tale": "Once upon a time, there was a little girl who lived in a village.",
    "our sentence": "The robot watered the sunflowers because they were thirsty.",
    "another reason": "The robot watered the sunflowers because they were purple.",
    "in Portuguese": "O robô regou os girassóis porque eles estavam com sede.",
    "words mixed": "They robot thirsty the because sunflowers watered were the.",
}
print("| text | tokens | perplexity |")
print("|---|--:|--:|")
found = {}
for name, text in texts.items():
    ids = tokenizer("<|endoftext|>" + text, return_tensors="pt").input_ids
    found[name] = float(f"{model(ids, labels=ids).loss.exp():.2g}")  # two digits
    print(f"| {name}: *{text}* | {ids.shape[1] - 1} | {found[name]:,g} |")
others = []
for line in open("snippets/decoder/beginnings.txt", encoding="utf-8"):
    ids = tokenizer("<|endoftext|>" + line.strip(), return_tensors="pt").input_ids
    others.append(model(ids, labels=ids).loss.exp().item())
lowest, middle, highest = min(others), median(others), max(others)
print(f"\n{len(others)} everyday sentences: {lowest:.0f} to {highest:.0f},"
      f" the median is {middle:.0f}")  # fmt: skip
counting, tale, ours, purple, portuguese, mixed = found.values()
vocabulary = model.config.vocab_size
