"""A decoder of two layers over characters, and the text that it learns."""

import random

import torch
from torch import nn
from torch.nn.functional import cross_entropy

CONTEXT = 40  # characters that it sees at most


def sentences(count: int, seed: int) -> str:
    """Sentences put together by chance, whose words a reader knows."""
    choose = random.Random(seed).choice
    return " ".join(
        f"The {choose(['robot', 'dog', 'child'])}"
        f" {choose(['watered', 'chased', 'saw'])}"
        f" the {choose(['sunflowers', 'ball', 'river', 'garden'])}"
        f" because {choose(['they were thirsty', 'it was bored', 'the sun was hot'])}."
        for _ in range(count)
    )


LETTERS = sorted(set(sentences(100, seed=0)))


def encode(text: str) -> torch.Tensor:
    """The id of each character: its place in the alphabet."""
    return torch.tensor([LETTERS.index(letter) for letter in text])  # (characters,)


class TinyDecoder(nn.Module):
    """Two Transformer layers. PyTorch calls them encoder layers: the mask decides."""

    def __init__(self, masked: bool):
        super().__init__()
        self.masked = masked
        self.embed = nn.Embedding(len(LETTERS), 64)
        self.position = nn.Embedding(CONTEXT, 64)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                64, 4, 128, dropout=0.0, batch_first=True, norm_first=True
            )
            for _ in range(2)
        )
        self.head = nn.Linear(64, len(LETTERS))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Ids (batch, tokens) → logits of the next one (batch, tokens, letters)."""
        tokens = ids.shape[1]
        hidden = self.embed(ids) + self.position.weight[:tokens]  # (batch, tokens, 64)
        future = torch.ones(tokens, tokens, dtype=torch.bool).triu(diagonal=1)
        for layer in self.layers:
            hidden = layer(hidden, src_mask=future if self.masked else None)
        return self.head(hidden)


def train(masked: bool, steps: int = 400) -> tuple[TinyDecoder, list[float]]:
    """Teach it to name the next character everywhere; return it and its losses."""
    torch.manual_seed(0)
    text, model, losses = encode(sentences(2000, seed=0)), TinyDecoder(masked), []
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(steps):
        starts = torch.randint(len(text) - CONTEXT, (16, 1))
        windows = text[starts + torch.arange(CONTEXT + 1)]  # (batch, tokens + 1)
        logits = model(windows[:, :-1])
        loss = cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model.eval(), losses
