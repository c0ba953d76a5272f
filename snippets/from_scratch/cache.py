"""Thirty tokens with the KV cache, without it and from the library: the same text."""

import textwrap
import time

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets.from_scratch import decoder

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
library = AutoModelForCausalLM.from_pretrained("models/smollm2")
ours = decoder.load("models/smollm2")
text = "The robot watered the sunflowers because"
ids, count = tokenizer(text, return_tensors="pt").input_ids, 30


def without_cache():
    written = ids
    for _ in range(count):
        best = ours(written)[0][:, -1:].argmax(dim=-1)  # everything is read again
        written = torch.cat([written, best], dim=1)
    return written


def from_library():
    length = {"max_new_tokens": count, "min_new_tokens": count}
    return library.generate(ids, do_sample=False, **length)


def from_us():
    return decoder.generate(ours, ids, count)


texts, seconds = {}, {}
for way in [from_us, from_library, without_cache, from_us, from_library]:
    started = time.process_time()
    texts[way] = way()
    took = time.process_time() - started
    seconds[way] = min(took, seconds.get(way, took))  # the first runs also warm up
same_without = torch.equal(texts[from_us], texts[without_cache])
same_as_library = torch.equal(texts[from_us], texts[from_library])
speed = seconds[from_library] / seconds[from_us]  # 1: as fast as the library
speedup = seconds[without_cache] / seconds[from_us]
matrices = sum(w.numel() for w in ours.parameters() if w.dim() == 2)  # each used once
width, layers = ours.norm.weight.numel(), len(ours.layers)
in_attention = 2 * texts[from_us].shape[1] * width * layers  # QKᵀ, times V
in_matrices = matrices / (matrices + in_attention)
print("the same without the cache:", same_without)
print("the same as the library:", same_as_library)
for line in tokenizer.decode(texts[from_us][0]).split("\n"):
    print(textwrap.fill(line, 43))
