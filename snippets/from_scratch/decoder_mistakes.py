"""Four mistakes in the decoder that raise no error, and the text that each writes."""

import torch
from transformers import AutoTokenizer

from snippets.from_scratch import decoder

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = decoder.load("models/smollm2")
prompt = "The robot watered the sunflowers because"
ids = tokenizer(prompt, return_tensors="pt").input_ids


def no_scale(query, key, value, mask):
    scores = (query @ key.transpose(-2, -1)).masked_fill(~mask, -torch.inf)
    return scores.softmax(dim=-1) @ value


def mask_too_late(query, key, value, mask):
    weights = (query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5).softmax(dim=-1)
    return weights * mask @ value


def neighbors_paired(x, angles):
    first, second = x[..., 0::2], x[..., 1::2]  # number 2i with number 2i + 1
    cos, sin = angles.cos(), angles.sin()
    turned = [first * cos - second * sin, second * cos + first * sin]
    return torch.stack(turned, dim=-1).flatten(-2)


def always_from_zero(x, angles):
    return decoder_rotate(x, angles - angles[0])  # the cached tokens are not counted


decoder_rotate = decoder.rotate
mistakes = {
    "none": {},
    "scale forgotten": {"attention": no_scale},
    "mask after softmax": {"attention": mask_too_late},
    "rotary: neighbors paired": {"rotate": neighbors_paired},
    "rotary: cache not counted": {"rotate": always_from_zero},
}
correct, texts = dict(vars(decoder)), []
print("| mistake | the model writes |\n| --- | --- |")
for mistake, change in mistakes.items():
    vars(decoder).update({**correct, **change})
    written = decoder.generate(model, ids, 14)[0, ids.shape[1] :]
    texts.append(tokenizer.decode(written).replace("\n", " "))
    print(f"| {mistake} | … {texts[-1].strip()} |")
