"""Perplexity of SmolLM2 on six texts: low where it is at home, high where not."""

import random
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


def perplexity(text):
    ids = tokenizer("<|endoftext|>" + text, return_tensors="pt").input_ids
    return model(ids, labels=ids).loss.exp().item(), ids.shape[1] - 1


found = {}
for name, text in texts.items():
    one, tokens = perplexity(text)
    found[name] = float(f"{one:.2g}")  # two digits
    print(f"| {name}: *{text}* | {tokens} | {found[name]:,g} |")
lines = open("snippets/decoder/beginnings.txt", encoding="utf-8").read().splitlines()
others = [perplexity(line)[0] for line in lines]
lowest, middle, highest = min(others), median(others), max(others)
print(f"\n{len(others)} everyday sentences: {lowest:.0f} to {highest:.0f},"
      f" the median is {middle:.0f}")  # fmt: skip
random.seed(0)
words = texts["words mixed"].removesuffix(".").lower().split()
orders = [" ".join(random.sample(words, len(words))) for _ in range(20)]
mixtures = [perplexity(f"{order.capitalize()}.")[0] for order in orders]
calmest, usual_mix, wildest = min(mixtures), median(mixtures), max(mixtures)
print(f"\nwords mixed in {len(orders)} other orders: {calmest:,.0f} to {wildest:,.0f},"
      f" the median is {usual_mix:,.0f}")  # fmt: skip
counting, tale, ours, purple, portuguese, mixed = found.values()
vocabulary = model.config.vocab_size
