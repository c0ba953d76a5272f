"""Filling a gap: left to right alone, and by the probability of the whole sentence."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)

gaps = [  # what stands left, words to try, what stands right; the first word fits
    ("The", [" dog", " glass", " ball", " king", " phone"], " barked all night."),
    ("The", [" coffee", " ice", " soup", " sun", " dog"], " was too hot to drink."),
    ("The", [" cat", " teacher", " house", " water", " door"], " purred on the sofa."),
    ("The", [" train", " man", " book", " woman", " sun"], " left from platform two."),
    ("She used the", [" key", " old", " map", " letter", " dog"], " to open the door."),
    ("He played the", [" guitar", " game", " role", " ball"], " until a string broke."),
    ("We sat under the", [" tree", " table", " sky", " sun"], " and ate its apples."),
    ("My", [" car", " mother", " hand", " name", " friend"], " needs new tires."),
    ("They bought a", [" dog", " house", " car", " book"], " and taught it to sit."),
    ("I read the", [" book", " news", " same", " sign"], " to its last chapter."),
]
print("| gap | likeliest from the left | likeliest whole sentence |")
print("|---|---|---|")
left_right = whole_right = 0
for left, words, right in gaps:
    sentences = ["<|endoftext|>" + left + word + right for word in words]
    ids = tokenizer(sentences, return_tensors="pt").input_ids  # (words, tokens)
    log_p = model(ids).logits[:, :-1].log_softmax(-1)  # (words, tokens − 1, ids)
    log_p = log_p.gather(2, ids[:, 1:, None])[:, :, 0]  # (words, tokens − 1)
    place = len(tokenizer(left).input_ids)
    first = words[log_p[:, place].argmax()].strip()
    best = words[log_p.sum(dim=1).argmax()].strip()
    left_right += first == words[0].strip()
    whole_right += best == words[0].strip()
    after = log_p[:, place + 1 :].sum(dim=1)  # (words,): of what stands right
    if right.endswith("drink."):
        after_coffee, after_sun = after[0].item(), after[words.index(" sun")].item()
    print(f"| {left} ___{right} | {first} | {best} |")
total = len(gaps)
