"""Does the cheater write words where it had to be honest: with its window full?"""

import torch

from snippets.shared.tiny_decoder import CONTEXT, LETTERS, encode, sentences, train

words = set(sentences(500, seed=0).split())
model, _ = train(masked=False)
windows = encode(sentences(400, seed=1)).unfold(0, CONTEXT, 97)[:200]
begun = {"40 real characters": windows,
         "“The robot ”": encode("The robot ").expand(len(windows), -1)}  # fmt: skip
torch.manual_seed(0)
print("share of real words in the         first 40   next 40")
shares = []
for name, ids in begun.items():
    before = ids.shape[1]
    with torch.no_grad():
        for _ in range(2 * CONTEXT):
            logits = model(ids[:, -CONTEXT:])[:, -1]  # (texts, letters)
            drawn = torch.multinomial(logits.softmax(dim=-1), 1)
            ids = torch.cat([ids, drawn], dim=1)
    texts = ["".join(LETTERS[n] for n in row[before:]) for row in ids.tolist()]
    for begin in (0, CONTEXT):  # whole words only
        made = [w for t in texts for w in t[begin : begin + CONTEXT].split()[1:-1]]
        shares.append(sum(word in words for word in made) / len(made))
    print(f"begun with {name:<24} {shares[-2]:6.0%} {shares[-1]:9.0%}")
real_first, real_next, short_first, short_next = shares
