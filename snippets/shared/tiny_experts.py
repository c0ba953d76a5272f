"""A Transformer of one layer over characters, with one network or with experts."""

from collections import Counter

import torch
from torch import nn
from torch.nn.functional import (
    cross_entropy,
    gelu,
    grouped_mm,
    scaled_dot_product_attention,
)

KINDS = ["films", "news", "products", "tweets"]
CONTEXT, WIDTH = 32, 32  # characters that it sees at most, numbers in a state


def read() -> tuple[list[str], torch.Tensor, torch.Tensor]:
    """The letters; the ids to learn from and those to test on, both (kinds, ids)."""
    texts = {}
    for kind in KINDS:
        lines = open(f"models/rated-sentences/{kind}.tsv", encoding="utf-8")
        texts[kind] = "\n".join(line.strip().split("\t")[1] for line in lines)
    shortest = min(map(len, texts.values()))
    counts = Counter("".join(texts.values()))
    letters = [letter for letter, _ in counts.most_common(96)]
    number = {letter: id for id, letter in enumerate(letters)}
    ids = torch.tensor(
        [[number.get(one, 0) for one in text[:shortest]] for text in texts.values()]
    )
    return letters, ids[:, :-20_000], ids[:, -20_000:]


class Experts(nn.Module):
    """Feed-forward networks, one of which takes a token: a router chooses it."""

    def __init__(self, count: int, inner: int, width: int = WIDTH):
        super().__init__()
        self.router = nn.Linear(width, count, bias=False)
        nn.init.normal_(self.router.weight, std=0.25)
        up, _, down = zip(*(feed_forward(inner, width) for _ in range(count)))
        self.up = nn.Parameter(torch.stack([one.weight.data for one in up]))
        self.down = nn.Parameter(torch.stack([one.weight.data for one in down]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(tokens, width) → (tokens, width)"""
        self.probabilities = self.router(x).softmax(-1)  # (tokens, experts)
        weight, self.chosen = self.probabilities.max(-1)  # (tokens,), both
        order = self.chosen.argsort()  # the tokens of each expert stand together
        ends = self.chosen.bincount(minlength=len(self.up)).cumsum(0).int()
        # One call multiplies the tokens of each expert with that expert's matrix.
        inner = gelu(grouped_mm(x[order], self.up.mT, offs=ends))  # (tokens, inner)
        made = grouped_mm(inner, self.down.mT, offs=ends)  # (tokens, width)
        return weight[:, None] * made[order.argsort()]


def feed_forward(inner: int, width: int = WIDTH) -> nn.Sequential:
    """Two matrices and GELU: 2 · width · inner multiplications for a token."""
    up, down = nn.Linear(width, inner, bias=False), nn.Linear(inner, width, bias=False)
    nn.init.normal_(up.weight, std=width**-0.5)
    nn.init.normal_(down.weight, std=0.5 * inner**-0.5)
    return nn.Sequential(up, nn.GELU(), down)


class Tiny(nn.Module):
    """Attention with four heads, then what `network` is: one network, or experts."""

    def __init__(self, letters: int, network: nn.Module, width: int = WIDTH):
        super().__init__()
        self.embed = nn.Embedding(letters, width)
        self.position = nn.Embedding(CONTEXT, width)
        nn.init.normal_(self.embed.weight, std=0.5)
        nn.init.normal_(self.position.weight, std=0.1)
        self.queries_keys_values = nn.Linear(width, 3 * width, bias=False)
        self.join = nn.Linear(width, width, bias=False)
        self.norms = nn.ModuleList(nn.RMSNorm(width) for _ in range(3))
        self.network = network
        self.head = nn.Linear(width, letters, bias=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Ids (texts, tokens) → logits of the next one (texts, tokens, letters)."""
        texts, tokens = ids.shape
        x = self.embed(ids) + self.position.weight[:tokens]
        parts = self.queries_keys_values(self.norms[0](x)).view(texts, tokens, 3, 4, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # (texts, heads, tokens, …)
        heads = scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.join(heads.transpose(1, 2).flatten(2))
        x = x + self.network(self.norms[1](x).flatten(0, 1)).view_as(x)
        return self.head(self.norms[2](x))


def windows(ids: torch.Tensor, each: int, dice: torch.Generator) -> torch.Tensor:
    """As many pieces of each kind of text: (kinds · each, context + 1)."""
    starts = torch.randint(ids.shape[1] - CONTEXT, (len(ids), each, 1), generator=dice)
    places = starts + torch.arange(CONTEXT + 1)
    return ids[torch.arange(len(ids))[:, None, None], places].flatten(0, 1)


def loss_of(model: Tiny, texts: torch.Tensor) -> torch.Tensor:
    """The mean loss of the next character."""
    return cross_entropy(model(texts[:, :-1]).flatten(0, 1), texts[:, 1:].flatten())


def balancing(experts: Experts) -> torch.Tensor:
    """Switch Transformer, equations 4 to 6: 1 if all experts get as many tokens."""
    count = experts.probabilities.shape[1]
    share = experts.chosen.bincount(minlength=count) / len(experts.chosen)
    return count * (share * experts.probabilities.mean(0)).sum()


def train(
    ids: torch.Tensor, letters: int, count: int, inner: int, seed: int,
    strength: float = 0.01, steps: int = 700, rate: float = 0.01,
) -> Tiny:  # fmt: skip
    """A model that has learned from these texts; with one expert it has no router."""
    torch.manual_seed(seed)
    many = Experts(count, inner) if count > 1 else feed_forward(inner)
    model = Tiny(letters, many)
    dice = torch.Generator().manual_seed(seed)  # the same texts for all of this seed
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, fused=True)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, steps, pct_start=0.1)
    for _ in range(steps):
        loss = loss_of(model, windows(ids, 4, dice))
        if count > 1:
            loss = loss + strength * balancing(model.network)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step(), pace.step()
    return model.eval()


@torch.no_grad()
def test(model: Tiny, ids: torch.Tensor, each: int = 250) -> tuple[float, torch.Tensor]:
    """The loss on pieces of text that it has not seen, and those pieces."""
    texts = windows(ids, each, torch.Generator().manual_seed(1))
    return loss_of(model, texts).item(), texts
