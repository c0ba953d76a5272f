"""What an LSTM is good at: keep one letter that is marked when it comes."""

import torch
from torch.nn.functional import cross_entropy

from snippets.shared.recall import LENGTH, LETTERS, Recurrent, Transformer


def texts(count, length=LENGTH):
    ids = torch.randint(LETTERS, (count, length))
    place = torch.randint(LENGTH, (count, 1))  # in a longer text among its first 96
    name = ids.gather(1, place)
    ids.scatter_(1, place, name + LETTERS)  # here stands a capital: 16 more ids
    before = torch.arange(length) < place  # nothing to name: −100 does not count
    return ids, name.expand(-1, length).masked_fill(before, -100)


def share_right(model, length):
    """After the last letter of new texts."""
    ids, names = texts(200, length)
    with torch.no_grad():
        answers = model(ids)[:, -1].argmax(dim=-1)
    return (answers == names[:, -1]).float().mean().item()


right = {}
for name, reader in (("LSTM", Recurrent), ("Transformer", Transformer)):
    torch.manual_seed(0)
    model = reader(letters=2 * LETTERS)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(450):
        ids, names = texts(8)
        loss = cross_entropy(model(ids).flatten(0, 1), names.flatten())
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
steps_kept = 9 * LENGTH  # at least: from one of the first 96 letters to the last of 960
transformer_stops = ("Transformer", 10 * LENGTH) not in right
