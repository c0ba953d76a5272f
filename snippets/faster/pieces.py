"""Softmax and its sum of values in pieces, without ever holding the whole row."""

import torch


def whole(query, key, value):
    return (query @ key.T / query.shape[-1] ** 0.5).softmax(-1) @ value


def in_pieces(query, key, value, size, rescale=True):
    """The same, `size` keys at a time: only sums are carried from piece to piece."""
    most = torch.full((len(query), 1), -torch.inf, dtype=query.dtype)
    total = torch.zeros_like(most)  # (queries, 1): sum of the exponentials so far
    result = torch.zeros_like(query)  # (queries, width): each times its value, summed
    for key_part, value_part in zip(key.split(size), value.split(size)):
        scores = query @ key_part.T / query.shape[-1] ** 0.5  # (queries, size)
        new = torch.maximum(most, scores.amax(-1, keepdim=True))
        old = (most - new).exp() if rescale else 1  # what was summed counts less now
        shares = (scores - new).exp()
        total = total * old + shares.sum(-1, keepdim=True)
        result = result * old + shares @ value_part
        most = new
    return result / total


print("scores 1, 2, 3, 4 in pieces of two, values 10, 20, 30, 40")
row = torch.tensor([[1.0, 2.0, 3.0, 4.0]], dtype=torch.float64)
first, second = (row[:, :2] - 2).exp(), (row[:, 2:] - 4).exp()
shrunk = torch.tensor(2.0 - 4).double().exp()  # the largest score rose from 2 to 4
total = first.sum() * shrunk + second.sum()
values = torch.tensor([10.0, 20, 30, 40]).double()
by_hand = ((first @ values[:2] * shrunk + second @ values[2:]) / total).item()
at_once = (row.softmax(-1) @ values).item()
print(f"by hand {by_hand:.6f}, at once {at_once:.6f}")

torch.manual_seed(0)
different = {}
for dtype in (torch.float32, torch.float64):
    query, key, value = (3 * torch.randn(3, 512, 64).double()).to(dtype)
    for size in (1, 16, 100, 512):
        off = in_pieces(query, key, value, size) - whole(query, key, value)
        different[dtype, size] = off.abs().max().item()
    row = " ".join(
        f"{size}: {different[dtype, size]:.0e} " for size in (1, 16, 100, 512)
    )
    print(f"{str(dtype)[6:]}, largest difference, pieces of {row}")
single, double = (max(d for (t, _), d in different.items() if t == dtype)
                  for dtype in (torch.float32, torch.float64))  # fmt: skip
wrong = in_pieces(query, key, value, 16, rescale=False) - whole(query, key, value)
forgotten = wrong.abs().max().item()
print(f"without shrinking what was summed before: off by {forgotten:.1f}")
