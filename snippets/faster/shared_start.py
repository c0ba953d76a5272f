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
texts = [
    tokenizer.apply_chat_template(
        [{"role": "user", "content": f"{passage}\n\n{question}"}],
        add_generation_prompt=True, return_dict=True,
    ).input_ids
    for question in questions
]  # fmt: skip


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
apart = sum(map(len, texts))
together = start + sum(len(ids) - start for ids in texts)
most_off, equal, count = max(off), sum(choices), len(texts)
print(f"shared: {start} tokens; largest difference of a logit: {most_off:.0e}")
print(f"the same first choice everywhere: {equal} of {count} texts")
saved = 1 - together / apart
print(f"positions read: {apart} apart, {together} with the shared beginning")
dated = [tokenizer(f"{n} o'clock.").input_ids + ids for n, ids in enumerate(texts, 1)]
kept_dated = shared(dated)
print(f"with the time of day in front, shared: {kept_dated}")
