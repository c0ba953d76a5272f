"""All 96 heads, and a rule without a model, on six reactions mapped by hand."""

from pathlib import Path

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
model = AutoModelForMaskedLM.from_pretrained(
    "models/rxnmapper", attn_implementation="eager"
)
lines = Path("snippets/creativity/reactions.txt").read_text("utf-8").splitlines()
right, in_order, total = torch.zeros(12, 8), 0, 0
for line in lines:
    reaction, *gold = line.split()
    batch = tokenizer(reaction, return_tensors="pt")
    tokens = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
    arrow = tokens.index(">>")
    atoms = [n for n, t in enumerate(tokens[1:-1], 1) if any(map(str.isalpha, t))]
    left = [n for n in atoms if n < arrow]
    product = [n for n in atoms if n > arrow]
    with torch.no_grad():
        maps = torch.cat(model(**batch, output_attentions=True).attentions)
    looks = maps[:, :, product][..., left].argmax(dim=-1)  # (layers, heads, atoms)
    used = []
    for number, answer in enumerate(gold):
        answers = [int(n) - 1 for n in answer.split("/")]
        right += torch.isin(looks[..., number], torch.tensor(answers))
        symbol = tokens[product[number]]  # the rule: the next unused atom of this kind
        alike = [n for n, at in enumerate(left) if tokens[at] == symbol]
        same = [n for n in alike if n not in used]
        used += same[:1]
        in_order += bool(same) and same[0] in answers
    total += len(gold)

share = right / total
best_layer, best_head = (n + 1 for n in divmod(share.argmax().item(), 8))
best, authors = share.max().item(), share[10, 5].item()
rule, reactions = in_order / total, len(lines)
other_heads = share[:, [0, 1, 2, 3, 4, 6, 7]].max().item()
print(f"{reactions} reactions, {total} product atoms")
print(f"best: layer {best_layer}, head {best_head}: {best:.0%}")
print(f"layer 11, head 6: {authors:.0%}")
print(f"best of the other heads: {other_heads:.0%}")
print(f"rule, next unused atom of this kind: {rule:.0%}")
heads = [f"head {n + 1}" for n in range(8)]
layers = [f"layer {n + 1}" for n in range(12)]
plots.heatmap(share, layers, heads, "One head maps atoms, from layer 2 on", top=1)
