"""Eight facts: the probability SmolLM2 gives to a true answer and to a false one."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)

facts = [
    ("The chemical symbol for gold is", " Au", " Ag"),
    ("The capital of France is", " Paris", " Lyon"),
    ("The telephone was invented by", " Alexander Graham Bell", " Thomas Edison"),
    ("The capital of Canada is", " Ottawa", " Toronto"),
    ("The capital of Australia is", " Canberra", " Sydney"),
    ("The capital of Turkey is", " Ankara", " Istanbul"),
    ("The first president of the United States was",
     " George Washington", " John F. Kennedy"),
    ("Water boils at a temperature of around", " 100°C", " 1,000°C"),
]  # fmt: skip


def probability(prompt, answer):
    start = len(tokenizer(prompt).input_ids)
    ids = tokenizer(prompt + answer, return_tensors="pt").input_ids
    log_p = model(ids).logits[0, :-1].log_softmax(-1)
    return log_p.gather(1, ids[0, 1:, None])[start - 1 :].sum().exp().item()


print("| beginning | true | false | true / false, without the start token |")
print("|---|---|---|---|")
labels, values, bare = [], [], []
for prompt, *answers in facts:
    values += [probability("<|endoftext|>" + prompt, answer) for answer in answers]
    bare += [probability(prompt, answer) for answer in answers]
    labels += [answer.strip() for answer in answers]
    cells = [f"{a.strip()} {p:.2%}" for a, p in zip(answers, values[-2:])]
    print("|", " | ".join([f"{prompt} …", *cells]),
          f"| {bare[-2]:.2%} / {bare[-1]:.2%} |")  # fmt: skip
wrong, wrong_bare = (
    sum(false > true for true, false in zip(p[::2], p[1::2])) for p in (values, bare)
)
total = len(facts)
sydney, canberra = values[9], values[8]
kennedy, washington = values[13], values[12]
sydney_bare, canberra_bare = bare[9], bare[8]
istanbul_bare, ankara_bare = bare[11], bare[10]
istanbul, ankara = values[11], values[10]
plots.bars(labels, values, [True, False] * total, "Solid: true. Hatched: false.", ".1%")
