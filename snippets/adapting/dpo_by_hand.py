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

# By the formula of the page, for another model.
model = torch.tensor([1.0, -1.3], dtype=torch.float64).log_softmax(-1)
p, q = model.exp().tolist(), reference.exp().tolist()
by_formula = math.log(1 + (p[1] / q[1]) ** beta / (p[0] / q[0]) ** beta)
off = abs(dpo(model, 0, 1).item() - by_formula)
same = off < 1e-12
print(f"a model that prefers the first more: {by_formula:.6f}, by the loss too: {same}")

# Four of five people choose the first answer, one chooses the second. Train.
share = 0.8
logits = torch.zeros(2, dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.LBFGS([logits], max_iter=100, tolerance_grad=1e-12)


def step():
    optimizer.zero_grad()
    logs = logits.log_softmax(-1)
    loss = share * dpo(logs, 0, 1) + (1 - share) * dpo(logs, 1, 0)
    loss.backward()
    return loss


optimizer.step(step)
trained = (logits[0] - logits[1]).item()
closed = (reference[0] - reference[1]).item() + math.log(share / (1 - share)) / beta
end_off = abs(trained - closed)
before, after = q[0], logits.softmax(-1)[0].item()
print(f"odds of the first, as a logarithm: {trained:.6f}, in closed form {closed:.6f}")
print(f"its probability: {before:.0%} in the reference, {after:.1%} after training")
