"""Six names at once: SmolLM2 still reaches back to them, and takes the wrong one."""

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
cache = model(torch.cat([read(f"{told}\n\n"), novel], dim=1)).past_key_values

first_pieces = [int(read(f" {name}")[0, 0]) for name in people.values()]
right, a_name = 0, 0
print("| asked for | told | SmolLM2 says | probability of any told name |")
print("|:---|:---|:---|---:|")
for who, name in people.items():
    question = read(f"\n\nThe {who} is called")
    logits = model(question, past_key_values=copy.deepcopy(cache)).logits[0, -1]
    probabilities = logits.softmax(dim=-1)  # (vocabulary)
    said = int(logits.argmax())
    right += int(said == read(f" {name}")[0, 0])
    a_name += int(said in first_pieces)
    any_name = probabilities[first_pieces].sum().item()
    word = tokenizer.decode(said).strip()
    print(f"| the {who} | {name} | {word} | {any_name:.2f} |")
asked = len(people)
