"""Greedy, beam and sampled translations, each compared with one that we wrote."""

from collections import Counter

import torch
from transformers import AutoTokenizer

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt")
pairs = {
    "The robot watered the sunflowers because they were thirsty.":
        "O robô regou os girassóis porque eles estavam com sede.",
    "The bat flew out of the cave at night.":
        "O morcego saiu voando da caverna à noite.",
    "Could you tell me where the nearest pharmacy is?":
        "Você poderia me dizer onde fica a farmácia mais próxima?",
    "The glass fell off the table, but it did not break.":
        "O copo caiu da mesa, mas não quebrou.",
    "The bank on the river was covered with flowers.":
        "A margem do rio estava coberta de flores.",
}  # fmt: skip


def overlap(text, reference, longest=6):
    """How many runs of one to six letters agree, from 0 to 1."""
    total = 0
    for n in range(1, longest + 1):
        a, b = (Counter(zip(*(t[i:] for i in range(n)))) for t in (text, reference))
        total += 2 * (a & b).total() / (a.total() + b.total()) / longest
    return total


inputs = tokenizer(list(pairs), return_tensors="pt", padding=True)
draw = {"do_sample": True, "top_k": 0, "num_return_sequences": 8}
torch.manual_seed(0)
results = []
for settings in ({}, {"num_beams": 4}, draw):
    ids = model.generate(**inputs, max_new_tokens=40, **settings)  # (texts, tokens)
    texts = tokenizer.batch_decode(ids, skip_special_tokens=True)
    each = len(texts) // len(pairs)  # translations of one sentence, one after another
    references = [reference for reference in pairs.values() for _ in range(each)]
    results.append([(overlap(t, r), t) for t, r in zip(texts, references)])

greedy, beam, sampled = results
for (score, text), (_, other) in zip(greedy, beam):
    print(f"{score:.2f}  {text}" + (f"\n      beam: {other}" if other != text else ""))
worst_score, worst = min(sampled)
print(f"worst of the sampled:\n{worst_score:.2f}  {worst}")
means = [sum(score for score, _ in result) / len(result) for result in results]
greedy_mean, beam_mean, sampled_mean = means
print("mean: greedy {:.3f}, 4 beams {:.3f}, sampled {:.3f}".format(*means))
beam_changes = sum(a != b for a, b in zip(greedy, beam))
