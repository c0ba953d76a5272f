"""SmolLM2 writes with guesses out of the text itself: the same tokens, fewer passes."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
robot = "The robot watered the sunflowers because they were thirsty."
rain = "It rained in the night, so the garden was wet in the morning."
again, twice = "Write this sentence again:", "Write these two sentences again:"
asked = [f"{again} {robot}", f"{twice} {robot} {rain}", "What is an octopus?"]
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
asked += [" ".join([again, line.split("\t")[1]]) for line in lines[:2]]


def guess(ids):
    """Up to four tokens that followed where the last two, or one, stood before."""
    for size in (2, 1):
        for at in reversed(range(len(ids) - size)):
            if ids[at : at + size] == ids[-size:]:
                return ids[at + size : at + size + 4]
    return []


def write(ids, end):
    """The tokens up to this length, and the passes that it took to write them."""
    ids, cache, read, passes = list(ids), None, 0, 0
    while len(ids) < end:
        guessed, right = guess(ids), 0
        output = model(torch.tensor([ids[read:] + guessed]), cache=cache)
        choices = output.logits[0, -len(guessed) - 1 :].argmax(-1).tolist()
        while right < len(guessed) and guessed[right] == choices[right]:
            right += 1
        ids += choices[: right + 1]  # the right guesses, and one token of its own
        cache, read, passes = output.cache, len(ids) - 1, passes + 1
        cache.crop(right - len(guessed))  # forget what was guessed wrong
    return ids[:end], passes


print("tokens  passes  the same")
chats = [[{"role": "user", "content": text}] for text in asked]
options = {"add_generation_prompt": True, "return_dict": True, "return_tensors": "pt"}
batch = tokenizer.apply_chat_template(chats, padding=True, **options)
rows = model.generate(**batch, max_new_tokens=40, do_sample=False).tolist()
END, found = tokenizer.eos_token_id, []  # tokens and passes
for text, row, mask in zip(asked, rows, batch.attention_mask):
    start, new = row[: len(mask)][-mask.sum() :], row[len(mask) :]
    plain = start + new[: (new + [END]).index(END) + 1]  # behind the end stands filling
    ids, passes = write(start, len(plain))
    found.append((len(plain) - len(start), passes))
    print(f"{found[-1][0]:6}  {passes:6}  {ids == plain!s:>8}  {text[:45]}")
(two, two_passes), (new, new_passes) = found[1:3]
