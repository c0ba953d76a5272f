"""Gates that begin wider open: the gradient reaches further, the answers do not."""

import torch
from torch.autograd.functional import jacobian

from snippets.shared.recall import LENGTH, LETTERS, Recurrent, train

gradient, right = {}, {}
print("| gate's start | gradient at 16 steps | right at 16 steps |\n|---:|---:|---:|")
for remembering in (0.0, 2.0, 4.0):
    torch.manual_seed(0)
    model = Recurrent(remembering=remembering)
    vectors = model.embed(torch.randint(LETTERS, (4, LENGTH))).detach()
    slopes = jacobian(lambda x: model.read(x)[:, -1].sum(dim=0), vectors)
    norms = slopes.square().sum(dim=(0, 1, 3)).sqrt().flip(0)  # (steps)
    gradient[remembering] = (norms[16] / norms[0]).item()
    right[remembering] = train(model, 16)
    numbers = f"{gradient[remembering]:.2g} | {right[remembering]:.0%}"
    print(f"| {remembering:.0f} | {numbers} |")

gradient_2, gradient_4 = gradient[2.0], gradient[4.0]
right_0, right_2, right_4 = right.values()
