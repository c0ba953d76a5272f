"""Six pairs of sentences: the last word changes what “it” means. Does a head notice?"""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
pairs = [  # the first ending speaks of the first noun, the second of the second
    ("The dog chased the ball because it was", ("dog", "bored"), ("ball", "round")),
    ("The cat drank the milk because it was", ("cat", "thirsty"), ("milk", "fresh")),
    ("The horse ate the apple because it was", ("horse", "hungry"), ("apple", "sweet")),
    ("The bird left the tree because it was", ("bird", "scared"), ("tree", "dead")),
    ("The child broke the vase because it was", ("child", "angry"), ("vase", "thin")),
    ("The trophy did not fit in the suitcase because it was too",
     ("trophy", "big"), ("suitcase", "small")),
]  # fmt: skip
rows, right, changed, all_right = [], 0, 0, torch.zeros(6, 12)
print("| last word | first noun | second noun | looks more at |\n|---|---|---|---|")
for start, (first, ending), (second, other_ending) in pairs:
    winners = []
    for last, meant in ((ending, first), (other_ending, second)):
        inputs = tokenizer(f"{start} {last}.", return_tensors="pt")
        tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
        with torch.no_grad():
            weights = torch.cat(model(**inputs, output_attentions=True).attentions)
        it = weights[:, :, tokens.index("it")]  # (layers, heads, tokens)
        a, b = it[..., tokens.index(first)], it[..., tokens.index(second)]
        all_right += (a > b) == (meant == first)
        it, a, b = it[5, 11], a[5, 11], b[5, 11]  # layer 6, head 12
        winners.append(first if a > b else second)
        mark = "✓" if winners[-1] == meant else "✗"
        right += winners[-1] == meant
        rows.append(it)
        print(f"| {last} | {first} {a:.2f} | {second} {b:.2f} | {winners[-1]} {mark} |")
    changed += winners[0] != winners[1]
sentences = len(rows)
best_of_all = int(all_right.max())
dog_if_bored, dog_if_round = (row[2].item() for row in rows[:2])
columns = [*"[CLS] the dog chased the ball because it was … . [SEP]".split()]
names = ["… bored", "… round"]
plots.heatmap(rows[:2], names, columns, "One word changes, the strongest cell does not")
