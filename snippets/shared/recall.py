"""An LSTM and a Transformer layer of equal size, and the memory task for both."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

LETTERS = 16  # the alphabet
LENGTH = 96  # letters in one text


class Recurrent(nn.Module):
    """One LSTM layer: it reads the text letter by letter and carries a state along."""

    def __init__(self, letters: int = LETTERS, remembering: float = 2.0):
        super().__init__()
        self.embed = nn.Embedding(letters, 48)
        self.lstm = nn.LSTM(48, 96, batch_first=True)
        self.head = nn.Linear(96, LETTERS)
        # At the start, gates that forget little: the usual advice for long memories.
        nn.init.constant_(self.lstm.bias_ih_l0.data[96:192], remembering)

    def read(self, vectors: torch.Tensor) -> torch.Tensor:
        """Vectors (batch, steps, 48) → logits (batch, steps, LETTERS)."""
        states, _ = self.lstm(vectors)  # (batch, steps, 96)
        return self.head(states)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Ids (batch, steps) → logits (batch, steps, LETTERS)."""
        return self.read(self.embed(ids))


class Transformer(nn.Module):
    """One Transformer layer: each letter looks directly at all letters before it."""

    def __init__(self, letters: int = LETTERS, length: int = LENGTH):
        super().__init__()
        self.embed = nn.Embedding(letters, 64)
        self.position = nn.Embedding(length, 64)
        self.layer = nn.TransformerEncoderLayer(
            64, 4, 256, dropout=0.0, batch_first=True, norm_first=True
        )
        self.head = nn.Linear(64, LETTERS)

    def read(self, vectors: torch.Tensor) -> torch.Tensor:
        """Vectors (batch, steps, 64) → logits (batch, steps, LETTERS)."""
        steps = vectors.shape[1]
        later = torch.ones(steps, steps, dtype=torch.bool).triu(diagonal=1)  # hidden
        return self.head(self.layer(vectors + self.position.weight[:steps], later))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Ids (batch, steps) → logits (batch, steps, LETTERS)."""
        return self.read(self.embed(ids))


def train(
    model: nn.Module, distance: int, steps: int = 300, rate: float = 5e-3, seed: int = 0
) -> float:
    """Teach it the letter `distance` steps back; return the share that it gets right."""
    draw = torch.Generator().manual_seed(seed)  # both models see the same texts
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    for _ in range(steps):
        ids = torch.randint(LETTERS, (8, LENGTH), generator=draw)
        logits = model(ids)[:, distance:]
        loss = cross_entropy(logits.flatten(0, 1), ids[:, :-distance].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    with torch.no_grad():
        ids = torch.randint(LETTERS, (200, LENGTH), generator=draw)  # new texts
        answers = model(ids)[:, distance:].argmax(dim=-1)
    return (answers == ids[:, :-distance]).float().mean().item()
