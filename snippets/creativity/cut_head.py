"""Take out one head at a time: which one does the guess for the product need?"""

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
model = AutoModelForMaskedLM.from_pretrained("models/rxnmapper")
reaction = "CN(C)C=O.Fc1ncccc1{}.O=C([O-])[O-].CC(C)S.[K+].[K+]>>CC(C)Sc1ncccc1[MASK]"
layer = model.albert.encoder.albert_layer_groups[0].albert_layers[0]  # the only one
join = layer.attention.dense.weight  # (256, 256): its columns read the joined heads
intact = join.detach().clone()
size = 256 // 8  # columns per head

halogens = ["F", "Cl", "Br", "I"]
ids = tokenizer.convert_tokens_to_ids(halogens)
rows, table, kept = ["none"], [], []
with torch.no_grad():
    for head in range(-1, 8):  # -1: none is taken out
        join.copy_(intact)
        if head >= 0:
            join[:, head * size : (head + 1) * size] = 0
            rows.append(f"head {head + 1}")
        texts = tokenizer([reaction.format(x) for x in halogens], return_tensors="pt")
        guesses = model(**texts).logits[:, -2].softmax(dim=-1)  # (texts, vocabulary)
        table.append(guesses[range(4), ids].tolist())
        kept.append((guesses.argmax(dim=-1) == torch.tensor(ids)).sum().item())
        said = " ".join(tokenizer.convert_ids_to_tokens(guesses.argmax(dim=-1)))
        print(f"without {rows[-1]}: {said}")

without_6 = max(table[6])
others_kept = sum(kept[1:]) - kept[6]
whole = reaction.format("F").replace("[MASK]", "F")
ids = tokenizer(whole, return_tensors="pt").input_ids[0]
gaps = range(1, len(ids) - 1)  # not [CLS], not [SEP]
hidden = ids.repeat(len(gaps), 1)  # (gaps, tokens): one copy for each gap
hidden[range(len(gaps)), gaps] = tokenizer.mask_token_id
with torch.no_grad():
    join.copy_(intact)
    join[:, 5 * size : 6 * size] = 0  # head 6
    best = model(hidden).logits[range(len(gaps)), gaps].argmax(dim=-1)
filled = (best == ids[1:-1]).sum().item()
print(f"every token hidden once, without head 6: {filled} of {len(gaps)} found")

title = "Without head 6 the atom is not found"
ax = plots.heatmap(table, rows, halogens, title, numbers=True, top=1)
ax.tick_params(axis="x", rotation=0)
