"""Random tokens, repeated once: what does SmolLM2 know of the second half?"""

import matplotlib.pyplot as plt
import torch
from transformers import AutoModelForCausalLM

from snippets import plots

model = AutoModelForCausalLM.from_pretrained("models/smollm2")
torch.manual_seed(0)
texts, length = 20, 25
lowest_id, ids_end = 1000, 48_000
half = torch.randint(lowest_id, ids_end, (texts, length))
start = torch.zeros(texts, 1, dtype=torch.long)  # <|endoftext|> has the id 0


def losses(*halves):
    """Of each token after the start: (texts, 2 · length) for two halves."""
    ids = torch.cat([start, *halves], dim=1)  # (texts, 1 + 2 · length)
    with torch.no_grad():
        log_p = model(ids).logits[:, :-1].log_softmax(dim=-1)
    return -log_p.gather(2, ids[:, 1:, None])[..., 0]


loss, mixed = losses(half, half), losses(half, half[:, torch.randperm(length)])
first = loss[:, :length].mean().item()
second = loss[:, length + 1 :].mean().item()  # its first token could not be known
lowest_first = loss[:, :length].mean(dim=1).min().item()
highest_second = loss[:, length + 1 :].mean(dim=1).max().item()
shuffled = mixed[:, length + 1 :].mean().item()
lowest_shuffled = mixed[:, length + 1 :].mean(dim=1).min().item()
any_half = torch.randint(0, model.config.vocab_size, (texts, length))
from_all = losses(any_half).mean().item()
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
