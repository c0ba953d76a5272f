"""Decoder and library give the same logits and the same best token, fifty times."""

from itertools import groupby
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
rows = sorted(tokenizer(sentences).input_ids, key=len)
for _, equal in groupby(rows, key=len):  # those of one length together
    ids = torch.tensor(list(equal))  # (sentences, tokens)
    mine, theirs = ours(ids)[0], library(ids).logits  # (sentences, tokens, vocabulary)
    largest = max(largest, (mine - theirs).abs().max().item())
    widest = max(widest, theirs.abs().max().item())
    places += ids.numel()
    same_best += (mine.argmax(dim=-1) == theirs.argmax(dim=-1)).sum().item()
count = len(sentences)
print(f"{count} sentences, {places} places, {mine.shape[-1]:,} logits at each")
print(f"largest difference {largest:.1e}, where logits reach {widest:.0f}")
print(f"the same best token at {same_best} places")
