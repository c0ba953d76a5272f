"""Six questions about a passage that is read once: the same first choices."""

import copy

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
story = open("snippets/parallelism/story.txt", encoding="utf-8").read().split("\n")
passage = " ".join(story[:8])
questions = ["Who is in it?", "Where is it?", "What happens first?", "Is it sad?",
             "What is it about?", "How does it end?"]  # fmt: skip
chats = [[{"role": "user", "content": f"{passage}\n\n{asked}"}] for asked in questions]
options = {"add_generation_prompt": True, "return_dict": True}
texts = tokenizer.apply_chat_template(chats, **options).input_ids


def shared(texts):
    """How many tokens all texts begin with."""
    return next(n for n, column in enumerate(zip(*texts)) if len(set(column)) > 1)


def read(ids, cache=None):
    return model(torch.tensor([ids]), cache=cache)


start = shared(texts)
once = read(texts[0][:start]).cache
off, choices = [], []
for ids in texts:
    alone = read(ids).logits[0, start:]
    behind = read(ids[start:], copy.deepcopy(once)).logits[0]
    off.append((alone - behind).abs().max().item())
    choices.append(torch.equal(alone.argmax(-1), behind.argmax(-1)))
apart, together = sum(map(len, texts)), start + sum(len(ids) - start for ids in texts)
most_off, equal, count = max(off), sum(choices), len(texts)
print(f"shared: {start} tokens; largest difference of a logit: {most_off:.0e}")
print(f"the same first choice everywhere: {equal} of {count} texts")
print(f"positions read: {apart} apart, {together} with the shared beginning")
dated = [tokenizer(f"{n} o'clock.").input_ids + ids for n, ids in enumerate(texts, 1)]
kept_dated = shared(dated)
print(f"with the time of day in front, shared: {kept_dated}")
cut = start + len(dated[0]) - len(texts[0])  # where the passage ends behind the time
one, two = (read(ids[:cut]).cache for ids in dated[:2])
pairs = zip(one.layers, two.layers)
keys_off = [(a.keys - b.keys)[:, :, -start:].abs().max().item() for a, b in pairs]
first_off, least_off = keys_off[0], min(keys_off[1:])
print(f"keys of the passage behind 1 and 2 o'clock, layer 0: off by {first_off:.0f},")
right, wrong = (read(dated[1][cut:], cache).logits for cache in (two, one))
wrong_off = (right - wrong).abs().max().item()
print(f"all later ones: {least_off:.1f} or more; a logit behind them: {wrong_off:.1f}")
