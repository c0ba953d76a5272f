"""All 96 heads, and a rule without a model, on six reactions mapped by hand."""

from difflib import SequenceMatcher
from pathlib import Path

import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/rxnmapper")
model = AutoModelForMaskedLM.from_pretrained(
    "models/rxnmapper", attn_implementation="eager"
)


def by_pieces(left, product):
    # The longest piece of text that both sides have, then the longest of the rest, …
    left, product, found = [*left], [*product], {}
    while (piece := SequenceMatcher(None, left, product).find_longest_match()).size:
        for n in range(piece.size):
            found[piece.b + n] = piece.a + n
            left[piece.a + n], product[piece.b + n] = "used", "found"
    return found  # places of the product: places on the left


# Six reactions, and the same six with the product begun at another of its atoms.
lines = Path("snippets/creativity/reactions.txt").read_text("utf-8").splitlines()
right, by_rule, asked = torch.zeros(2, 12, 8), [0, 0], [0, 0]
for anew, (reaction, *gold) in zip([0] * 6 + [1] * len(lines), map(str.split, lines)):
    batch = tokenizer(reaction, return_tensors="pt")
    tokens = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
    arrow = tokens.index(">>")
    atoms = [n for n, t in enumerate(tokens[1:-1], 1) if any(map(str.isalpha, t))]
    left = [n for n in atoms if n < arrow]
    with torch.no_grad():
        maps = torch.cat(model(**batch, output_attentions=True).attentions)
    pieces = by_pieces(tokens[:arrow], tokens[arrow:-1])
    for place, answer in zip(atoms[len(left) :], gold):
        answers = [left[int(n) - 1] for n in answer.split("/")]
        looks = torch.tensor(left)[maps[:, :, place, left].argmax(dim=-1)]
        right[anew] += torch.isin(looks, torch.tensor(answers))
        by_rule[anew] += pieces.get(place - arrow) in answers
        asked[anew] += 1

total, writings = asked[0], len(lines) - 6
share, turned = right[0] / asked[0], right[1] / asked[1]  # (layers, heads) each
authors, turned_authors = share[10, 5].item(), turned[10, 5].item()
rule, turned_rule = by_rule[0] / asked[0], by_rule[1] / asked[1]
best, best_head = share.max().item(), share.argmax().item() % 8 + 1
other_heads = share[:, [0, 1, 2, 3, 4, 6, 7]].max().item()
print(f"{total} product atoms; {writings} other ways to write the six products:")
print(f"rule {rule:.0%}, {turned_rule:.0%}; head {authors:.0%}, {turned_authors:.0%}")
print(f"best of the 96 cells: {best:.0%}; of the other heads: {other_heads:.0%}")
names = [f"layer {n + 1}" for n in range(12)], [f"head {n + 1}" for n in range(8)]
plots.heatmap(share, *names, "One head maps atoms, from layer 2 on", top=1)
