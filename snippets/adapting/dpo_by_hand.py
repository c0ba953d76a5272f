"""The loss of DPO for a model with two answers only, and where training by it ends."""

import math

import torch
from torch.nn.functional import logsigmoid

reference = torch.tensor([0.2, -0.9], dtype=torch.float64).log_softmax(-1)
beta = 0.5


def dpo(logs, chosen, rejected):
    """The moves of both answers away from the reference, one against the other."""
    moved = beta * (logs - reference)
    return -logsigmoid(moved[chosen] - moved[rejected])


# At the start nothing has moved.
start = dpo(reference, chosen=0, rejected=1).item()
print(f"loss at the start {start:.6f}, log 2 is {math.log(2):.6f}")

# Four of five people choose the first answer, one chooses the second. Train.
share = 0.8
logits = torch.zeros(2, dtype=torch.float64, requires_grad=True)
# An optimizer for small problems: it goes on until the gradient is almost zero.
optimizer = torch.optim.LBFGS([logits], max_iter=100, tolerance_grad=1e-12)


def step():
    optimizer.zero_grad()
    logs = logits.log_softmax(-1)
    loss = share * dpo(logs, 0, 1) + (1 - share) * dpo(logs, 1, 0)
    loss.backward()
    return loss


optimizer.step(step)
trained = (logits[0] - logits[1]).item()
began = (reference[0] - reference[1]).item()
move = math.log(share / (1 - share)) / beta
closed = began + move
end_off = abs(trained - closed)
before, after = (x.softmax(-1)[0].item() for x in (reference, logits))
print(f"odds of the first, as a logarithm: {trained:.6f}, in closed form {closed:.6f}")
print(f"its probability: {before:.0%} in the reference, {after:.1%} after training")
