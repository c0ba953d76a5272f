"""Hide most of the past, too: what does SmolLM2 need to see?"""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
rows = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
texts = [tokenizer(row.split("\t")[1]).input_ids for row in rows[:180:10]]
START = 10  # judge from the place where all rules hide something


def first_choices(ids, rules):
    query, key, masks = torch.arange(len(ids))[:, None], torch.arange(len(ids)), []
    for kept, window in rules:
        allowed = (key > query - window) | torch.isin(key, torch.tensor(kept))
        masks.append(torch.where(allowed & (key <= query), 0.0, -torch.inf))
    with torch.no_grad():  # a batch of one text, under each rule: (rules, tokens)
        mask = torch.stack(masks)[:, None]  # (rules, 1, tokens, tokens)
        texts, judged = ids.expand(len(rules), -1), len(ids) - START  # or one more
        logits = model(texts, attention_mask=mask, logits_to_keep=judged).logits
    return logits.argmax(-1)


rules = {  # what stands before the text, what is kept, and the window
    "three back": ("", [], 4),
    "four back": ("", [], 5),
    "three and the first": ("", [0], 4),
    "three and the second": ("", [1], 4),
}
for start in ("\n", "<|endoftext|>", ",", "river"):
    rules[f"{start!r} before: three and it"] = start, [0], 4
    rules[f"{start!r} before: three and the word"] = start, [1], 4
same = {name: [] for name in rules}
for ids in (ids for ids in texts if len(ids) >= START + 5):  # or nothing can be hidden
    for start in dict.fromkeys(start for start, *_ in rules.values()):
        given = torch.tensor(tokenizer(start).input_ids + ids)
        here = {name: rule for name, (begun, *rule) in rules.items() if begun == start}
        whole, *choices = first_choices(given, [([], len(given)), *here.values()])
        for name, choice in zip(here, choices):
            same[name].append((choice == whole)[START - len(ids) :].float())
asked, used = sum(map(len, same["three back"])), len(same["three back"])
shares = {name: torch.cat(texts).mean().item() for name, texts in same.items()}
lowest = {name: min(map(torch.mean, texts)).item() for name, texts in same.items()}
print(f"{asked} choices: same                           all  lowest text")
for name, share in shares.items():
    print(f"{name:<42} {share:4.0%} {lowest[name]:12.0%}")
three, four, with_first, with_second, *begun = shares.values()
least_with_it, most_with_word = min(begun[::2]), max(begun[1::2])
lowest_with_first, _, *lowest_begun = list(lowest.values())[2:]
lowest_with_it = min(lowest_begun[::2])
