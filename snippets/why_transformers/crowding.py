"""Is the state too full? One thing changed at a time, always 16 steps back."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from snippets.shared.recall import LENGTH, Recurrent

back = 16


def share_right(letters=16, width=96, held=16, seed=0):
    """An LSTM, trained as before, on texts with `held` letters in 16 places."""
    torch.manual_seed(seed)
    draw = torch.Generator().manual_seed(seed)
    model = Recurrent(letters + 1)  # one more id: the blank
    model.lstm = nn.LSTM(48, width, batch_first=True)
    nn.init.constant_(model.lstm.bias_ih_l0.data[width : 2 * width], 2.0)
    model.head = nn.Linear(width, letters)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    blank = torch.arange(LENGTH) % (back // held) > 0  # (LENGTH,)
    for step in range(301):
        ids = torch.randint(letters, (8 if step < 300 else 200, LENGTH), generator=draw)
        ids[:, blank] = letters
        asked = ~blank[:-back]  # where a letter stands 16 steps back
        logits, right = model(ids)[:, back:][:, asked], ids[:, :-back][:, asked]
        if step == 300:  # new texts, after the training
            return (logits.argmax(dim=-1) == right).float().mean().item()
        optimizer.zero_grad()
        cross_entropy(logits.flatten(0, 1), right.flatten()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


low, high = [], []
print("| what is changed | right, two seeds | a guess |\n|---|--:|--:|")
for name, change in {"nothing": {},
                     "a state twice as wide": {"width": 192},
                     "an alphabet of 2 letters": {"letters": 2},
                     "8 letters among blanks": {"held": 8},
                     "4 letters among blanks": {"held": 4}}.items():  # fmt: skip
    one, two = sorted(share_right(**change, seed=seed) for seed in (0, 1))
    low.append(one)
    high.append(two)
    guess = 1 / change.get("letters", 16)
    print(f"| {name} | {one:.0%}, {two:.0%} | {guess:.0%} |")
_, wide_low, two_low, eight_low, four_low = low
nothing, wide, two_letters, eight_held, four_held = high
