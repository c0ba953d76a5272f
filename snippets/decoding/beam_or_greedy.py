"""Does a wider beam find a more probable text, and is that text better?"""

import textwrap

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2", padding_side="left")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

prompts = [
    "The capital of Brazil is",
    "The king asked the farmer why",
    "The best thing about living in a small town is",
    "The robot watered the sunflowers because",
]
inputs = tokenizer(prompts, return_tensors="pt", padding=True)
start = inputs.input_ids.shape[1]
totals, texts = {}, {}
for beams in (1, 2, 8):
    ids = model.generate(
        **inputs, num_beams=beams, max_new_tokens=20, length_penalty=0.0
    )  # (prompts, tokens)
    mask = torch.nn.functional.pad(inputs.attention_mask, (0, 20), value=1)
    places = (mask.cumsum(1) - 1).clamp(0)  # padding on the left takes no position
    with torch.no_grad():
        logits = model(ids, attention_mask=mask, position_ids=places).logits
    log_p = logits[:, start - 1 : -1].log_softmax(-1)
    totals[beams] = log_p.gather(2, ids[:, start:, None]).sum((1, 2)).tolist()
    texts[beams] = [" ".join(t.split()) for t in tokenizer.batch_decode(ids[:, start:])]

for i, prompt in enumerate(prompts):
    print(prompt, "…")
    for beams in totals:
        print(f"  {beams} beam{'s'[: beams > 1]}, {totals[beams][i]:.2f}:")
        print(textwrap.indent(textwrap.fill(texts[beams][i], 44), "    "))

two_lose = sum(two < one for one, two in zip(totals[1], totals[2]))
eight_lose = sum(eight < one for one, eight in zip(totals[1], totals[8]))
brazil_greedy, brazil_beam = texts[1][0], texts[8][0]
brazil_greedy_total, brazil_beam_total = totals[1][0], totals[8][0]
brazil_two_total = totals[2][0]
