"""Two ways to remember the first of ten numbers: carry it along, or look back at it."""

import torch

sequence = torch.tensor([1.0, 0, 0, 0, 0, 0, 0, 0, 0, 0])

state = 0.0
carried = []
for number in sequence:
    state = 0.5 * state + number  # one step after the other
    carried.append(state.item())

scores = torch.tensor([9.0, 0, 0, 0, 0, 0, 0, 0, 0, 0])  # what the last step looks for
weights = scores.softmax(dim=0)
looked_up = (weights @ sequence).item()

print("carried:", " ".join(f"{state:.3f}" for state in carried))
print(f"looked up at the last step: {looked_up:.3f}")
left_at_the_end = carried[-1]
