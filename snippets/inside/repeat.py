"""Random tokens, repeated once: what does SmolLM2 know of the second half?"""

import copy

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForCausalLM

from snippets import plots

model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.set_grad_enabled(False), torch.manual_seed(0)
texts, length = 20, 25
lowest_id, ids_end = 1000, 48_000
half = torch.randint(lowest_id, ids_end, (texts, length))
start = torch.zeros(texts, 1, dtype=torch.long)  # <|endoftext|> has the id 0


def losses(logits, ids):
    """Of each of these tokens: (texts, tokens)."""
    return -logits.log_softmax(dim=-1).gather(2, ids[..., None])[..., 0]


def twice(second):
    """Of each token after the start, with this second half: (texts, 2 · length)."""
    behind = model(second[:, :-1], cache=copy.deepcopy(once.cache)).logits
    logits = torch.cat([once.logits, behind], dim=1)
    return losses(logits, torch.cat([half, second], dim=1))


once = model(torch.cat([start, half], dim=1))  # the first half is read once for both
loss, mixed = twice(half), twice(half[:, torch.randperm(length)])
first = loss[:, :length].mean().item()
second = loss[:, length + 1 :].mean().item()  # its first token could not be known
lowest_first = loss[:, :length].mean(dim=1).min().item()
highest_second = loss[:, length + 1 :].mean(dim=1).max().item()
shuffled = mixed[:, length + 1 :].mean().item()
lowest_shuffled = mixed[:, length + 1 :].mean(dim=1).min().item()
any_half = torch.randint(0, model.config.vocab_size, (texts, length))
logits = model(torch.cat([start, any_half[:, :-1]], dim=1)).logits
from_all = losses(logits, any_half).mean().item()
blind = torch.tensor(model.config.vocab_size).log().item()
print(f"loss of the first half:  {first:.1f}, lowest text {lowest_first:.1f}")
print(f"… drawn from all tokens: {from_all:.1f}")
print(f"loss of the second half: {second:.1f}, highest text {highest_second:.1f}")
print(f"… in another order:      {shuffled:.1f}, lowest text {lowest_shuffled:.1f}")
print(f"equal chances for all:   {blind:.1f}")

figure, ax = plt.subplots(figsize=(4.4, 2.6))
ax.plot(range(1, 1 + loss.shape[1]), loss.mean(dim=0), color=plots.BLUE)
ax.axvline(length + 0.5, color=plots.MUTED, linestyle=":")
ax.set(xlabel="position", ylabel="loss", title="The second time costs less", ylim=0)
