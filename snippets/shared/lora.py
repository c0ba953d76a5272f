"""LoRA written out: two thin matrices beside one that stays as it is."""

from torch import nn


class LoRA(nn.Module):
    def __init__(self, matrix: nn.Linear, rank: int, scale: float = 2.0):
        super().__init__()
        self.matrix = matrix.requires_grad_(False)
        self.down = nn.Linear(matrix.in_features, rank, bias=False)  # A
        self.up = nn.Linear(rank, matrix.out_features, bias=False)  # B
        nn.init.zeros_(self.up.weight)
        self.scale = scale

    def forward(self, x):
        return self.matrix(x) + self.scale * self.up(self.down(x))

    def merged(self) -> nn.Linear:
        """One matrix that does the same."""
        both = nn.Linear(self.down.in_features, self.up.out_features, bias=False)
        both.weight.data = (
            self.matrix.weight + self.scale * self.up.weight @ self.down.weight
        ).data
        return both


def replace(module: nn.Module, kind: type, make) -> None:
    """Put make(part) in the place of each part of that kind, in all layers below."""
    for name, part in list(module.named_children()):
        if isinstance(part, kind):
            setattr(module, name, make(part))
        else:
            replace(part, kind, make)
