"""Six ways to continue one prompt: how probable, how repetitive, how varied."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)

inputs = tokenizer("The robot watered the sunflowers because", return_tensors="pt")
start, steps = inputs.input_ids.shape[1], 28
draw = {"do_sample": True, "num_return_sequences": 4, "top_k": 0}
methods = {
    "greedy": {},
    "beam, 4": {"num_beams": 4},
    "T = 0.7": draw | {"temperature": 0.7},
    "top-k, 40": draw | {"top_k": 40},
    "top-p, 0.9": draw | {"top_p": 0.9},
    "T = 1": draw,
}
rows, texts = {}, {}
print("| method | log-probability per token | repeated words | distinct-2 |")
print("|---|--:|--:|--:|")
for name, settings in methods.items():
    torch.manual_seed(1)
    ids = model.generate(**inputs, max_new_tokens=steps, **settings)  # (texts, tokens)
    log_p = model(ids).logits[:, start - 1 : -1].log_softmax(-1)
    log_p = log_p.gather(2, ids[:, start:, None])[..., 0]  # (texts, new tokens)
    ended = (ids[:, start:] == tokenizer.eos_token_id).cumsum(1)
    alive = ended.cumsum(1) <= 1  # up to the end token, and that too
    found = []
    for text in tokenizer.batch_decode(ids[:, start:], skip_special_tokens=True):
        words = text.split()
        pairs = list(zip(words, words[1:]))
        found.append((1 - len({*words}) / len(words), len({*pairs}) / len(pairs)))
    texts[name] = " ".join(text.split())  # the last one drawn
    repeated, distinct = torch.tensor(found).mean(0).tolist()
    rows[name] = (log_p[alive].mean().item(), repeated, distinct)
    print("| {} | {:.2f} | {:.0%} | {:.0%} |".format(name, *rows[name]))

greedy_text, beam_text, cool_text, top_k_text, top_p_text, pure_text = texts.values()
greedy_mean, beam_mean, *_, pure_mean = (row[0] for row in rows.values())
beam_distinct, pure_distinct = rows["beam, 4"][2], rows["T = 1"][2]
