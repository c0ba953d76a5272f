"""Two ways out of a loop: make used tokens less probable, or forbid repeated runs."""

import textwrap

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    RepetitionPenaltyLogitsProcessor,
)

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

inputs = tokenizer("The robot watered the sunflowers because", return_tensors="pt")
start = inputs.input_ids.shape[1]
logits = model(**inputs).logits[:, -1].detach()  # (1, vocabulary)
used = inputs.input_ids
punished = torch.where(logits > 0, logits / 1.2, logits * 1.2)
ours = logits.scatter(1, used, punished.gather(1, used))
same = torch.equal(ours, RepetitionPenaltyLogitsProcessor(1.2)(used, logits))
print("equal to RepetitionPenaltyLogitsProcessor:", same)

ways = {
    "4 beams": {},
    "+ repetition_penalty=1.2": {"repetition_penalty": 1.2},
    "+ no_repeat_ngram_size=3": {"no_repeat_ngram_size": 3},
}
texts = []
for name, way in ways.items():
    ids = model.generate(**inputs, num_beams=4, max_new_tokens=20, **way)[0, start:]
    texts.append(" ".join(tokenizer.decode(ids).split()))
    print(name, textwrap.fill(texts[-1], 43), sep="\n", end="\n\n")
plain, penalized, forbidden = texts
