"""One head of SmolLM2 looks far back to a name, and for another's name, too."""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from snippets import plots

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2")
eager = {"attn_implementation": "eager"}
model = AutoModelForCausalLM.from_pretrained("models/smollm2", **eager)
with open("snippets/why_transformers/alice.txt", encoding="utf-8") as file:
    novel = tokenizer(file.read()).input_ids[:320]
told = tokenizer("<|endoftext|>The robot is called Otto.\n\n").input_ids
place = tokenizer.convert_ids_to_tokens(told).index("ĠOtto")
cache = model(torch.tensor([told + novel])).cache


def last_look(end, who="robot"):
    """The weights of the question's last token, in layer 19, head 7."""
    ids = tokenizer(f"\n\nThe {who} is {end}", return_tensors="pt").input_ids
    attentions = model(ids, cache=cache, output_attentions=True).attentions
    cache.crop(-ids.shape[1])  # forget the question
    return attentions[18][0, 6, -1]  # (tokens); indices count from zero


weights = last_look("called")
named, known = (last_look(end)[place].item() for end in ("named", "known as"))
ends = """painted here red old sold happy cleaned tired not very kept broken late loved
ready small heavy gone""".split()
others = [last_look(end)[place].item() for end in ends]
back = len(weights) - 1 - place
to_name, to_first = weights[place].item(), weights[0].item()
print(f"{len(weights)} tokens; the name is {back} steps back")
print(f"“… is called”: {to_name:.2f} on the name, {to_first:.2f} on the first token")
print(f"“… is named”: {named:.2f}, “… is known as”: {known:.2f}")
other_ends, highest, mean = len(ends), max(others), sum(others) / len(ends)
print(f"{other_ends} other ends: {mean:.2f} on average, {highest:.2f} at most")
asking_lowest = min(named, known)
questions = ("called", "captain"), ("named", "captain"), ("called", "game")
captain, named_captain, game = (last_look(*q)[place].item() for q in questions)
print(f"“The captain is called”: {captain:.2f}, “… is named”: {named_captain:.2f}")
print(f"“The game is called”: {game:.2f}")

ax = plt.figure(figsize=(4.4, 2.4)).add_subplot()
ax.vlines(range(len(weights)), 0, weights, color=plots.BLUE, linewidth=2)
ax.annotate("“Otto”", (place, to_name), (place + 12, to_name - 0.04))
end = len(weights) - 1
line = {"arrowstyle": "-", "color": plots.MUTED, "linewidth": 1}
ax.annotate("the question", (end, 0.02), (end - 90, 0.18), arrowprops=line)
ax.set(xlabel="token", ylabel="attention weight", ylim=(0, 1))
ax.set_title(f"One look, {back} tokens back")
