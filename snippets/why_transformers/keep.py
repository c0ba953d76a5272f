"""What an LSTM is good at: keep one letter that is known to matter from the start."""

import torch
from torch.nn.functional import cross_entropy

from snippets.shared.recall import LENGTH, LETTERS, Recurrent, Transformer


def texts(count, length=LENGTH):
    ids = torch.randint(LETTERS, (count, length))
    ids[:, 0] += LETTERS  # the first letter is a capital: 16 more ids
    return ids, (ids[:, :1] - LETTERS).expand(-1, length)  # name it at every step


def share_right(model, length):
    """After the last letter of new texts."""
    ids, capitals = texts(200, length)
    with torch.no_grad():
        answers = model(ids)[:, -1].argmax(dim=-1)
    return (answers == capitals[:, -1]).float().mean().item()


right = {}
for name, reader in (("LSTM", Recurrent), ("Transformer", Transformer)):
    torch.manual_seed(0)
    model = reader(letters=2 * LETTERS)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(300):
        ids, capitals = texts(8)
        loss = cross_entropy(model(ids).flatten(0, 1), capitals.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # no wild steps
        optimizer.step()
    for length in (LENGTH, 10 * LENGTH):
        try:
            right[name, length] = share_right(model, length)
            print(f"{name}, text of {length}: {right[name, length]:.0%} right")
        except RuntimeError as error:
            if "size of tensor" not in str(error):  # its table of positions ends
                raise
            print(f"{name}, text of {length}: has no vector for position {LENGTH + 1}")

lstm, lstm_longer = right["LSTM", LENGTH], right["LSTM", 10 * LENGTH]
transformer, times_longer = right["Transformer", LENGTH], 10
steps_kept = LENGTH - 1
transformer_stops = ("Transformer", 10 * LENGTH) not in right
