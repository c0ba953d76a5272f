"""Beam search from scratch: extend each kept text by each token, keep the best."""

import textwrap

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)


def beam_search(prompt, beams, steps, penalty=1.0):
    texts = tokenizer(prompt, return_tensors="pt").input_ids.repeat(beams, 1)
    start, new, past, ended = texts.shape[1], texts, None, []
    scores = torch.full((beams,), -torch.inf)  # all beams are still the same text,
    scores[0] = 0  # so only the first one counts
    for step in range(1, steps + 1):
        output = model(new, cache=past)
        past = output.cache
        log_p = output.logits[:, -1].log_softmax(-1)  # (beams, vocabulary)
        totals = scores[:, None] + log_p  # (beams, vocabulary)
        best, places = totals.flatten().topk(2 * beams)  # twice: some may end the text
        parents, tokens = places // log_p.shape[1], places % log_p.shape[1]
        end = tokens == tokenizer.eos_token_id
        for i in end[:beams].nonzero()[:, 0]:
            text = torch.cat([texts[parents[i], start:], tokens[i, None]])
            ended.append((best[i].item() / step**penalty, text.tolist()))
        go_on = (~end).nonzero()[:beams, 0]
        scores, parents, new = best[go_on], parents[go_on], tokens[go_on, None]
        texts = torch.cat([texts[parents], new], dim=1)  # (beams, tokens)
        past.reorder_cache(parents)  # each beam takes its parent's cache along
    for score, text in zip(scores, texts):
        ended.append((score.item() / steps**penalty, text[start:].tolist()))
    return max(ended)


prompt = "The robot watered the sunflowers because"
score, ours = beam_search(prompt, beams=3, steps=20)
text, total = tokenizer.decode(ours), score * len(ours)
print(textwrap.fill(text, 43))
print(f"log-probability of these {len(ours)} tokens: {total:.2f}")

inputs = tokenizer(prompt, return_tensors="pt")
library = model.generate(**inputs, num_beams=3, max_new_tokens=20)[0]
same = ours == library[inputs.input_ids.shape[1] :].tolist()
print("token for token equal to generate:", same)
