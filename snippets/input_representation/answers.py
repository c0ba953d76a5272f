"""The answers to this chapter's exercises, computed one after the other."""

import math
from collections import Counter

import torch
from transformers import AutoModel, AutoTokenizer

# 1. The first merges of "low low lower lowest".
counts = Counter("low low lower lowest".split())
pairs = Counter()
for word, count in counts.items():
    for pair in zip(word, word[1:]):
        pairs["".join(pair)] += count
ties_count = max(pairs.values())
print("1.", dict(pairs))

# 2. Two positions of the sinusoidal table with four columns: rates 1 and 1/100.
by_vectors = math.sin(1) * math.sin(3) + math.cos(1) * math.cos(3)
by_vectors += math.sin(0.01) * math.sin(0.03) + math.cos(0.01) * math.cos(0.03)
by_distance = math.cos(2) + math.cos(0.02)
print(f"2. {by_vectors:.4f} = {by_distance:.4f}")

# 3. The share of SmolLM2's embedding table; 4. its word order without positions.
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModel.from_pretrained("models/smollm2")
table = model.get_input_embeddings().weight  # (vocabulary, width)
in_table, share = table.numel(), table.numel() / model.num_parameters()
print(f"3. {in_table:,} parameters, {share:.0%}")



def cosine(one, other, use_positions):
    means = []
    for text in (one, other):
        inputs = tokenizer("<|endoftext|>" + text, return_tensors="pt")
        places = torch.arange(inputs.input_ids.shape[1])[None] * use_positions
        with torch.no_grad():
            states = model(**inputs, position_ids=places).last_hidden_state
        means.append(states[0, 1:].mean(dim=0))  # (width), without the first token
    return torch.cosine_similarity(*means, dim=0).item()


robot, swap = "The robot watered the sunflowers", "The sunflowers watered the robot"
decoder_cosine = cosine(robot, swap, False)
decoder_with = cosine(robot, swap, True)
decoder_other = cosine(robot, "My train was late again", False)
print(f"4. cosine {decoder_cosine:.3f}; with positions {decoder_with:.3f}")
print(f"   an unrelated sentence, without positions: {decoder_other:.3f}")
