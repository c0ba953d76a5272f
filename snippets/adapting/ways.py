"""Twelve invented facts, asked for in new words: prompting, retrieval and tuning."""

import torch
from torch.nn.functional import cross_entropy, normalize
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

from snippets.shared.facts import ANSWERS, ASKED, FACTS, KNOWN, REWORDED, ask, chats
from snippets.shared.last_layers import LastLayers, states_below

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

minilm = AutoModel.from_pretrained("models/minilm")
pieces = AutoTokenizer.from_pretrained("models/minilm")
batch = pieces([*REWORDED, *FACTS], padding=True, return_tensors="pt")
sums = (minilm(**batch).last_hidden_state * batch.attention_mask[..., None]).sum(1)
vectors = normalize(sums, dim=-1)  # (12 questions and 12 facts, 384)
nearest = (vectors[:12] @ vectors[12:].T).argmax(1).tolist()  # right: 0, 1, 2, …
found_right = sum(place == row for row, place in enumerate(nearest))
in_front = [f"{' '.join(FACTS)}\n\n{question}" for question in REWORDED]
retrieved = [f"{FACTS[i]}\n\n{question}" for i, question in zip(nearest, REWORDED)]
alone, known = (REWORDED, ANSWERS), (list(KNOWN), KNOWN.values())
(all_facts,) = ask(model, tokenizer, [(in_front, ANSWERS)])
first, retrieval, before = ask(model, tokenizer, [alone, (retrieved, ANSWERS), known])

# Tuning: the facts as questions and answers, in the first wording.
asked = chats(tokenizer, ASKED)
texts = [text + answer + "<|im_end|>" for text, answer in zip(asked, ANSWERS)]
batch = tokenizer(texts, padding=True, padding_side="right", return_tensors="pt")
labels = batch.input_ids.where(batch.attention_mask.bool(), -100)
for row, text in enumerate(asked):
    labels[row, : len(tokenizer(text).input_ids)] = -100
states, top, counts = states_below(model, batch), LastLayers(model), labels[:, 1:] > 0
optimizer = torch.optim.AdamW(top.layers.parameters(), lr=3e-4, fused=True)
for _ in range(16):
    loss = cross_entropy(top.head(top(states[:, :-1], counts)), labels[:, 1:][counts])
    optimizer.zero_grad(), loss.backward(), optimizer.step()
model.model.layers[28], model.model.layers[29] = top.layers
tuned, tuned_old, after = ask(model, tokenizer, [alone, (ASKED, ANSWERS), known])

ways = ["question alone", "all facts in front", "nearest fact in front", "tuned"]
ways += ["tuned, old wording", "known things", "known things, tuned"]
found = [first, all_facts, retrieval, tuned, tuned_old, before, after]
print("| way | right | tokens read | the first answer |\n|---|--:|--:|---|")
for way, (good, read, said) in zip(ways, found):
    print(f"| {way} | {good} of {len(said)} | {read:.0f} | {said[0]} |")
alone, in_all, nearest_fact, new_words, old_words, known, still = next(zip(*found))
