"""A small encoder–decoder over words, taught to rewrite in the other style."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from snippets.shared import styles

PADDING, START, END, UNKNOWN, *_ = SPECIAL = ["<pad>", "<start>", "<end>", "<unknown>"]
DIRECTIONS = ["to-formal:", "to-informal:"]
WORDS = SPECIAL + DIRECTIONS + sorted(
    {word for kind in styles.sentences().values() for pair in kind
     for text in pair for word in text.split()} | {*"hey dear anna tom ,".split()}
)  # fmt: skip
NUMBER = {word: number for number, word in enumerate(WORDS)}
LONGEST = 24  # words


def both_ways(pairs: list[styles.Pair]) -> list[tuple[str, str]]:
    """Each pair twice; the first word of the source says in which style to write."""
    return [(f"to-formal: {low}", high) for low, high in pairs] + [
        (f"to-informal: {high}", low) for low, high in pairs
    ]


def ids(texts: list[str]) -> torch.Tensor:
    """The numbers of the words, padded to the longest text: (texts, words)."""
    rows = [
        torch.tensor([NUMBER.get(word, NUMBER[UNKNOWN]) for word in text.split()])
        for text in texts
    ]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True)


class Rewriter(nn.Module):
    """PyTorch's own Transformer, with word and position tables around it."""

    def __init__(self, width: int = 64):
        super().__init__()
        self.embed = nn.Embedding(len(WORDS), width, padding_idx=0)
        self.position = nn.Embedding(LONGEST, width)
        self.transformer = nn.Transformer(
            width, nhead=4, num_encoder_layers=2, num_decoder_layers=2,
            dim_feedforward=128, dropout=0.0, batch_first=True, norm_first=True,
        )  # fmt: skip
        self.head = nn.Linear(width, len(WORDS))

    def vectors(self, ids: torch.Tensor) -> torch.Tensor:
        """(texts, words) → (texts, words, width)"""
        return self.embed(ids) + self.position.weight[: ids.shape[1]]

    def read(self, source: torch.Tensor) -> torch.Tensor:
        """The encoder's states, (texts, words, width)."""
        gaps = source == 0
        return self.transformer.encoder(self.vectors(source), src_key_padding_mask=gaps)

    def write(self, read, source, written: torch.Tensor) -> torch.Tensor:
        """What is written → logits of the next word at each place."""
        words, gaps = written.shape[1], source == 0
        future = torch.ones(words, words, dtype=torch.bool).triu(diagonal=1)
        states = self.transformer.decoder(
            self.vectors(written), read, tgt_mask=future, memory_key_padding_mask=gaps
        )
        return self.head(states)  # (texts, words, vocabulary)

    def forward(self, source: torch.Tensor, written: torch.Tensor) -> torch.Tensor:
        return self.write(self.read(source), source, written)


def train(pairs: list[tuple[str, str]], steps: int = 600, seed: int = 0):
    """Teach a new model with teacher forcing; yield it and the loss after each step."""
    torch.manual_seed(seed)
    model = Rewriter()
    source = ids([read for read, _ in pairs])
    target = ids([f"{START} {write} {END}" for _, write in pairs])
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(steps):
        batch = torch.randint(len(pairs), (32,))
        read, given, wanted = source[batch], target[batch, :-1], target[batch, 1:]
        logits = model(read, given)  # (32, words, vocabulary), all places at once
        loss = cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield model, loss.item()


@torch.no_grad()
def rewrite(model: Rewriter, sources: list[str]) -> list[str]:
    """Greedy: from the start token, append the best word until all have ended."""
    source = ids(sources)
    read = model.read(source)  # once
    written = torch.full((len(sources), 1), NUMBER[START])
    for _ in range(LONGEST - 1):
        best = model.write(read, source, written)[:, -1].argmax(dim=-1)  # (texts)
        written = torch.cat([written, best[:, None]], dim=1)
        if (written == NUMBER[END]).any(dim=1).all():
            break
    texts = [" ".join(WORDS[number] for number in row[1:]) for row in written]
    return [text.split(f" {END}")[0] for text in texts]
