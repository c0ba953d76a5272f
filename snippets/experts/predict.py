"""Does the router learn? The gradient that reaches it, with one expert chosen."""

import torch

torch.manual_seed(0)
router = torch.nn.Linear(4, 8)
x, wanted = torch.randn(100, 4), torch.randn(100, 1)
weight, _ = router(x).softmax(-1).topk(1)

for name, w in ("as it is", weight), ("divided", weight / weight.sum(-1, keepdim=True)):
    (w * wanted).sum().backward(retain_graph=True)
    print(f"{name}: {router.weight.grad.abs().max().item():.3f}")
    router.zero_grad()
