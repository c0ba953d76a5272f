"""Text that is written again and again: each copy is more probable than the last."""

import torch
from matplotlib import pyplot as plt
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False)


def typical(before, text, times=1):
    """The geometric mean of its tokens' probabilities, each time that it is written."""
    start, again = (
        tokenizer(x, return_tensors="pt").input_ids for x in (before, text * times)
    )
    ids, asked = torch.cat([start, again], dim=1), again.shape[1] + 1
    log_p = model(ids, logits_to_keep=asked).logits[0, :-1].log_softmax(-1)
    return log_p.gather(1, again[0, :, None]).view(times, -1).mean(1).exp()  # (times,)


prompt, times = "The robot watered the sunflowers because", 7
clauses = [
    " the robot watered the sunflowers because",
    " they were thirsty. The robot watered the sunflowers because",
]
curves = [typical(prompt, clause, times).tolist() for clause in clauses]
for clause, curve in zip(clauses, curves):
    print(f"{clause[1:30]}…\n ", *(f"{p:.2f}" for p in curve))

lines = open("snippets/decoder/beginnings.txt", encoding="utf-8").read().splitlines()
turned = [lines[i:] + lines[:i] for i in range(len(lines))]
copies = torch.stack([typical(last, f" {line}", times) for line, *_, last in turned])
others = torch.cat([typical(" ".join(more[-7:]), f" {line}") for line, *more in turned])
print(f"{len(lines)} sentences, mean\n ", *(f"{p:.2f}" for p in copies.mean(0)))
print(f"after seven other sentences\n  {others.mean():.2f}")
copied, copied_least = copies[:, -1].mean().item(), copies[:, -1].min().item()
once, once_most = others.mean().item(), others.max().item()

rounds = range(1, times + 1)
plt.plot(rounds, curves[0], "o-", color=plots.BLUE, label="the beam's clause")
plt.plot(rounds, curves[1], "s--", color=plots.WARM, label="“they were thirsty. …”")
plt.ylim(0, 1)
plt.xlabel("written for the n-th time")
plt.ylabel("typical token probability")
plt.title("Both clauses become safer each time")
plt.legend(loc="lower right")
beam_first, beam_last = curves[0][0], curves[0][-1]
sense_first, sense_last = curves[1][0], curves[1][-1]
