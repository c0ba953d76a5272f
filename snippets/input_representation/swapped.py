"""Swapped nouns, and the passive: which is nearer, for two very different encoders?"""

import torch
from transformers import AutoModel, AutoTokenizer

quartets = [
    ("The robot watered the sunflowers", "The sunflowers watered the robot",
     "The sunflowers were watered by the robot", "The robot burned the sunflowers"),
    ("The dog bit the mailman", "The mailman bit the dog",
     "The mailman was bitten by the dog", "The dog missed the mailman"),
    ("The teacher thanked the girl", "The girl thanked the teacher",
     "The girl was thanked by the teacher", "The teacher blamed the girl"),
]  # fmt: skip
below = 0  # passives that are farther than the swap
for name in ("minilm", "pii"):
    tokenizer = AutoTokenizer.from_pretrained(f"models/{name}")
    model = AutoModel.from_pretrained(f"models/{name}")
    print(f"{name:<8} swapped  passive  another verb")
    for sentences in quartets:
        with torch.no_grad():
            means = torch.stack([
                model(**tokenizer(s, return_tensors="pt")).last_hidden_state[0].mean(0)
                for s in sentences
            ])  # (sentences, width)  # fmt: skip
        swapped, passive, verb = torch.cosine_similarity(means[:1], means[1:]).tolist()
        below += passive < swapped
        print(f"  {swapped:13.2f} {passive:8.2f} {verb:9.2f}   {sentences[0]}")
