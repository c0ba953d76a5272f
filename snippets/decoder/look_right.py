"""Filling a gap: left to right alone, and by the probability of the whole sentence."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)

gaps = [
    ("The", [" dog", " glass", " ball", " king", " phone"], " barked all night."),
    ("The", [" dog", " ice", " soup", " sun", " coffee"], " was too hot to drink."),
    ("She used the", [" old", " key", " map", " letter", " dog"], " to open the door."),
]
print("| gap | likeliest from the left | likeliest whole sentence |")
print("|---|---|---|")
fits = ["dog", "coffee", "key"]
left_right = whole_right = 0
for (left, words, right), fit in zip(gaps, fits):
    sentences = [left + word + right for word in words]
    ids = tokenizer(sentences, return_tensors="pt").input_ids  # (words, tokens)
    log_p = model(ids).logits[:, :-1].log_softmax(-1)  # (words, tokens − 1, ids)
    log_p = log_p.gather(2, ids[:, 1:, None])[:, :, 0]  # (words, tokens − 1)
    place = len(tokenizer(left).input_ids) - 1
    first = words[log_p[:, place].argmax()].strip()
    best = words[log_p.sum(dim=1).argmax()].strip()
    left_right += first == fit
    whole_right += best == fit
    print(f"| {left} ___{right} | {first} | {best} |")
total = len(gaps)
