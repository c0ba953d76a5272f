"""Two clauses, written again and again: each copy is more probable than the last."""

import torch
from matplotlib import pyplot as plt
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")

prompt = "The robot watered the sunflowers because"
clauses = [
    " the robot watered the sunflowers because",
    " they were thirsty. The robot watered the sunflowers because",
]
times, curves = 7, []
start = tokenizer(prompt, return_tensors="pt").input_ids  # (1, tokens)
for clause in clauses:
    again = tokenizer(clause * times, return_tensors="pt").input_ids
    ids = torch.cat([start, again], dim=1)
    log_p = model(ids).logits[0, start.shape[1] - 1 : -1].detach().log_softmax(-1)
    log_p = log_p.gather(1, again[0, :, None])  # (new tokens, 1)
    typical = log_p.view(times, -1).mean(1).exp()  # (times,): geometric means
    curves.append(typical.tolist())
    print(f"{clause[1:30]}…\n ", *(f"{p:.2f}" for p in typical))

sentences = open("snippets/decoder/beginnings.txt", encoding="utf-8").read().split("\n")
others = " ".join([*sentences[1:7], prompt])
controls = []  # of each clause, after six other sentences and the prompt
for clause in clauses:
    last = tokenizer(clause, return_tensors="pt").input_ids
    ids = tokenizer(others + clause, return_tensors="pt").input_ids
    log_p = model(ids).logits[0, -last.shape[1] - 1 : -1].detach().log_softmax(-1)
    controls.append(log_p.gather(1, last[0, :, None]).mean().exp().item())
print("after six other sentences\n ", *(f"{p:.2f}" for p in controls))
beam_control, sense_control = controls
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
