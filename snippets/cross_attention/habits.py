"""What three heads of the translator do, counted on the thirteen sentences."""

import torch
from transformers import AutoTokenizer

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt", attn_implementation="eager")
lines = open("snippets/cross_attention/gold.txt", encoding="utf-8").read().splitlines()
late, end, spread = [], [], []
for english in lines[::2]:
    batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
    with torch.no_grad():
        ids = model.generate(**batch, num_beams=1, max_new_tokens=40)
        outputs = model(**batch, decoder_input_ids=ids[:, :-1], output_attentions=True)
    maps = torch.cat(outputs.cross_attentions, dim=1)[0]  # (16, target, source)
    strongest = maps.argmax(dim=-1)  # (16, target)
    guided = strongest[8]  # layer 2, head 1; the first row has none before it
    late.append((strongest[:8, 1:] == guided[:-1]).float().mean(dim=1))  # (8,)
    end.append(maps[:, :, -1].mean(dim=1))  # (16,): weight on the source's end token
    bits = -(maps * maps.clamp(min=1e-12).log2()).sum(dim=-1).mean(dim=1)
    spread.append(bits / torch.tensor(maps.shape[-1]).log2())  # (16,): 1 is even

sentences = len(late)
print("| head | does | mean | lowest | next |\n|---|---|--:|--:|--:|")
found = {}
for name, rows in {"looks a row late": late,
                   "rests on end": end,
                   "spreads evenly": spread}.items():  # fmt: skip
    rows = torch.stack(rows)  # (sentences, heads)
    means = rows.mean(dim=0)
    head = means.argmax().item()
    mean, lowest, following = means[head], rows[:, head].min(), means.sort().values[-2]
    title, other = (f"L{1 + n // 8} H{1 + n % 8}" for n in means.argsort()[[-1, -2]])
    found[name] = title, mean.item(), lowest.item(), following.item(), other
    print(f"| {title} | {name} | {mean:.0%} | {lowest:.0%} | {following:.0%} |")
(late_head, late_mean, late_lowest, late_next, _), ending, flat = found.values()
end_head, end_mean, end_lowest, _, end_second = ending
flat_head, flat_mean, flat_lowest, *_ = flat
