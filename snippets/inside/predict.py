"""A probe with as many numbers as examples, on vectors that hold nothing."""

import torch

torch.manual_seed(0)
states = torch.randn(100, 100)  # (examples, width): noise
labels = torch.randint(2, (100,)) * 2.0 - 1  # drawn by lot
direction = torch.linalg.solve(states, labels)

right = (states @ direction).sign() == labels
guessed = torch.randn(1000, 100) @ direction > 0
same = guessed == (torch.rand(1000) > 0.5)
print(f"right on the examples: {right.float().mean():.0%}")
print(f"right on new noise:    {same.float().mean():.0%}")
