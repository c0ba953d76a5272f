"""Six names at once: SmolLM2 reaches back to them, and often takes the wrong one."""

import copy

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
people = {"robot": "Otto", "gardener": "Marta", "baker": "Ruth", "captain": "Jonas",
          "pilot": "Clara", "doctor": "Hugo"}  # fmt: skip


def read(text):
    return tokenizer(text, return_tensors="pt").input_ids  # (1, tokens)


told = " ".join(f"The {who} is called {name}." for who, name in people.items())
with open("snippets/why_transformers/alice.txt", encoding="utf-8") as file:
    novel = read(file.read())[:, :320]
cache = model(torch.cat([read(f"<|endoftext|>{told}\n\n"), novel], dim=1)).cache

first_pieces = [int(read(f" {name}")[0, 0]) for name in people.values()]
said, any_name = {}, {}
for length in (320, 40):
    if length == 40:
        cache.crop(40 - 320)  # forget all but the first 40 tokens of the novel
    for who in people:
        question = read(f"\n\nThe {who} is called")
        logits = model(question, cache=copy.deepcopy(cache)).logits[0, -1]
        said[who, length] = int(logits.argmax())
        any_name[who, length] = logits.softmax(dim=-1)[first_pieces].sum().item()

print("| asked for | told | says after 40 | says after 320 | any told name |")
print("|:---|:---|:---|:---|---:|")
right_40 = right_320 = a_name = 0
for (who, name), piece in zip(people.items(), first_pieces):
    near, far = said[who, 40], said[who, 320]
    right_40, right_320 = right_40 + (near == piece), right_320 + (far == piece)
    a_name += (near in first_pieces) + (far in first_pieces)
    words = " | ".join(tokenizer.decode(one).strip() for one in (near, far))
    print(f"| the {who} | {name} | {words} | {any_name[who, 320]:.2f} |")
asked = len(people)
