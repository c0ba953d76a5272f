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
for beams in (1, 2, 16):
    ids = model.generate(
        **inputs, num_beams=beams, max_new_tokens=20, length_penalty=0.0
    )  # (prompts, tokens)
    mask = torch.nn.functional.pad(inputs.attention_mask, (0, 20), value=1)
    places = (mask.cumsum(1) - 1).clamp(0)  # padding on the left takes no position
    with torch.no_grad():
        logits = model(ids, attention_mask=mask, position_ids=places).logits
    log_p = logits[:, start - 1 : -1].log_softmax(-1)
    log_p = log_p.gather(2, ids[:, start:, None])[..., 0]  # (prompts, new tokens)
    ended = (ids[:, start:] == tokenizer.eos_token_id).cumsum(1)
    totals[beams] = (log_p * (ended <= 1)).sum(1).tolist()  # up to the first end token
    written = tokenizer.batch_decode(ids[:, start:], skip_special_tokens=True)
    marks = ["", " (end)"]
    texts[beams] = [
        " ".join(text.split()) + marks[end > 0]
        for text, end in zip(written, ended[:, -1])
    ]

for i, prompt in enumerate(prompts):
    print(prompt, "…")
    for beams in totals:
        print(f"  {beams} beam{'s'[: beams > 1]}, {totals[beams][i]:.2f}:")
        print(textwrap.indent(textwrap.fill(texts[beams][i], 39), "    "))

two_lose = sum(two < one for one, two in zip(totals[1], totals[2]))
wide_lose = sum(wide < one for one, wide in zip(totals[1], totals[16]))
brazil_greedy, brazil_beam = texts[1][0], texts[16][0]
brazil_greedy_total, brazil_beam_total = totals[1][0], totals[16][0]
brazil_two_total = totals[2][0]
robot_wide, robot_wide_total = texts[16][3], totals[16][3]
