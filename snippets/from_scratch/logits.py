"""Decoder and library give the same logits and the same best token, fifty times."""

from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.from_scratch import decoder

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
library = AutoModelForCausalLM.from_pretrained("models/smollm2")
ours = decoder.load("models/smollm2")
sentences = Path("snippets/from_scratch/sentences.txt").read_text("utf-8").splitlines()

largest, widest, places, same_best = 0.0, 0.0, 0, 0
for sentence in sentences:
    ids = tokenizer(sentence, return_tensors="pt").input_ids
    mine, theirs = ours(ids)[0], library(ids).logits  # (1, tokens, vocabulary)
    largest = max(largest, (mine - theirs).abs().max().item())
    widest = max(widest, theirs.abs().max().item())
    places += ids.shape[1]
    same_best += (mine.argmax(dim=-1) == theirs.argmax(dim=-1)).sum().item()
count = len(sentences)
print(f"{count} sentences, {places} places, {mine.shape[-1]:,} logits at each")
print(f"largest difference {largest:.1e}, where logits reach {widest:.0f}")
print(f"the same best token at {same_best} places")
