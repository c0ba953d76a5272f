"""The answers to the exercises, computed with the three models of this chapter."""

import torch
from transformers import AutoTokenizer

from snippets.from_scratch import decoder, encoder

torch.set_grad_enabled(False)
minilm = encoder.load("models/minilm")
block = sum(weight.numel() for weight in minilm.blocks[0].parameters())
everything = sum(weight.numel() for weight in minilm.parameters())
table = minilm.tokens.weight.numel()

smollm2 = decoder.load("models/smollm2")
tokens = 5
cache = smollm2(torch.arange(tokens)[None])[1]
cached = sum(part.numel() for pair in cache for part in pair) // tokens
query_heads = smollm2.layers[0].self_attn.q_proj.out_features // 64
without_sharing = cached * query_heads // cache[0][0].shape[1]

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
texts = ["the dog bites the man", "the man bites the dog"]
batch = tokenizer(texts, return_tensors="pt")


def similarity():
    first, second = minilm(batch.input_ids, batch.attention_mask)[0][-1].mean(dim=1)
    return torch.cosine_similarity(first, second, dim=0).item()


with_positions = similarity()
minilm.positions.weight[:] = 0
without_positions = similarity()

print(f"a block: {block:,} of {everything:,} parameters; the token table: {table:,}")
print(f"cached for each token: {cached:,} numbers; with all heads {without_sharing:,}")
print(f"cosine {with_positions:.3f}, and without positions {without_positions:.3f}")
