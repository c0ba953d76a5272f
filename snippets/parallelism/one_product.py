"""Three positions, one by one or in one product: equal. A recurrence must wait."""

import torch

x = torch.tensor([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0]])  # (positions, width)
W = torch.tensor([[1.0, -1.0], [2.0, 1.0]])  # (width, width)

one_by_one = [position @ W for position in x]
at_once = x @ W  # (positions, width)
loop_steps = len(one_by_one)
equal = torch.equal(torch.stack(one_by_one), at_once)
print("one by one:", [row.tolist() for row in one_by_one])
print("at once:   ", at_once.tolist(), " equal to the last bit:", equal)

# A recurrence adds one term: half of what came out at the position before.
state, states = torch.zeros(2), []
for position in at_once:
    state = torch.tanh(position + 0.5 * state)  # needs the state before
    states.append([round(number, 3) for number in state.tolist()])
recurrent_steps = len(states)
print("recurrent: ", states, f"after {recurrent_steps} steps")
