"""Hide most of the past, too: what does a pretrained decoder need to see?"""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
rows = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
texts = [row.split("\t")[1] for row in rows[:400:10]]
START = 10  # judge from the place where all rules hide something


def first_choices(ids, kept, window):
    query, key = torch.arange(len(ids))[:, None], torch.arange(len(ids))
    allowed = (key > query - window) | torch.isin(key, torch.tensor(kept))
    mask = torch.where(allowed & (key <= query), 0.0, -torch.inf)  # (tokens, tokens)
    with torch.no_grad():
        logits = model(ids[None], attention_mask=mask[None, None]).logits[0]
    return logits[START:].argmax(-1)


rules = {
    "three back": ([], 4),
    "four back": ([], 5),
    "three and the first": ([0], 4),
    "three and the second": ([1], 4),
}
newline = tokenizer("\n", return_tensors="pt").input_ids[0]
begun = {"three and the newline": ([0], 4), "three and the first word": ([1], 4)}
same, lowest = dict.fromkeys(rules | begun, 0), dict.fromkeys(rules | begun, 1.0)
used = asked = 0
for text in texts:
    ids = tokenizer(text, return_tensors="pt").input_ids[0]
    if len(ids) < START + 5:  # too short to hide anything
        continue
    used, asked = used + 1, asked + len(ids) - START
    for start, tried in (ids[:0], rules), (newline, begun):
        given = torch.cat([start, ids])
        whole = first_choices(given, [], len(given))[len(start) :]
        for name, rule in tried.items():
            equal = first_choices(given, *rule)[len(start) :] == whole
            same[name] += int(equal.sum())
            lowest[name] = min(lowest[name], equal.float().mean().item())
print(f"{asked} choices: same          all  lowest text")
for name, count in same.items():
    print(f"{name:<24} {count / asked:6.0%} {lowest[name]:12.0%}")
shares = {name: count / asked for name, count in same.items()}
three, four, with_first, with_second, with_newline, with_word = shares.values()
lowest_with_first = lowest["three and the first"]
