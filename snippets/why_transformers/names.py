"""SmolLM2 reads a name, then a part of an old novel, and is asked for the name."""

import copy

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
people = {"robot": "Otto", "gardener": "Marta", "baker": "Ruth", "captain": "Jonas"}
lengths = [640, 320, 160, 80, 40]  # tokens of the novel between name and question


def read(text):
    return tokenizer(text, return_tensors="pt").input_ids  # (1, tokens)


with open("snippets/why_transformers/alice.txt", encoding="utf-8") as file:
    novel = read(file.read())[:, : lengths[0]]


def chances(told, who, name):
    """The name's probability after each length, and how often it is the likeliest."""
    question, answer = read(f"\n\nThe {who} is called"), read(f" {name}")
    start = torch.cat([read(told), novel], dim=1)
    cache = model(start, logits_to_keep=1).cache  # what it keeps of all it has read
    found, likeliest = [], 0
    for length, longer in zip(lengths, [lengths[0], *lengths]):
        if longer > length:
            cache.crop(length - longer)  # forget the novel's end
        ids = torch.cat([question, answer], dim=1)
        logits = model(ids, cache=copy.deepcopy(cache)).logits[0]
        steps = logits[question.shape[1] - 1 : -1].softmax(dim=-1)  # one row per piece
        found.append(steps[range(len(steps)), answer[0]].prod().item())
        likeliest += int((steps.argmax(dim=-1) == answer[0]).all())
    return found, likeliest


print("| the early sentence | " + " | ".join(map(str, lengths)) + " |")
print("|:---|" + "---:|" * len(lengths))
right, far = 0, []
for who, name in people.items():
    told = f"The {who} is called {name}."
    found, likeliest = chances(f"<|endoftext|>{told}\n\n", who, name)
    right += likeliest
    far.append(found[0])
    print(f"| {told} | " + " | ".join(f"{chance:.2f}" for chance in found) + " |")
found, _ = chances("<|endoftext|>\n\n", "robot", "Otto")
print("| (none; asked for Otto) | " + " | ".join(f"{c:.6f}" for c in found) + " |")
asked = len(people) * len(lengths)
untold, told_otto = found[0], far[0]
farthest_low, farthest_high = min(far), max(far)
times_likelier = told_otto / untold
