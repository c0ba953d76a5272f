"""An encoder–decoder learns to rewrite dates from nothing, and where to look."""

import random

import matplotlib.pyplot as plt
import torch
from torch import nn

from snippets import plots
from snippets.from_scratch.encoder_decoder import EncoderDecoder, Text

MONTHS = """January February March April May June July August September October
November December""".split()
LETTERS = sorted(set("".join(MONTHS) + "0123456789 -"))
IDS = {letter: number for number, letter in enumerate(["pad", "start", *LETTERS])}
CONFIG = {
    "d_model": 64, "vocab_size": len(IDS), "max_target_positions": 20,
    "encoder_layers": 1, "encoder_attention_heads": 4, "encoder_ffn_dim": 128,
    "decoder_layers": 1, "decoder_attention_heads": 4, "decoder_ffn_dim": 128,
    "activation_function": "gelu", "pre_norm": True, "key_bias": True,
}  # fmt: skip
EXAMPLE, ANSWER = "28 March 1974", "1974-03-28"


def task(dice):
    """One exercise: a date as people write it, and as a computer sorts it."""
    year, month = dice.randint(1900, 2099), dice.randint(1, 12)
    day = dice.randint(1, 28)
    return f"{day} {MONTHS[month - 1]} {year}", f"{year}-{month:02}-{day:02}"


def batch_of(texts):
    """Texts become ids, filled up with padding to one length."""
    longest = max(map(len, texts))
    rows = [[IDS[x] for x in text] + [0] * (longest - len(text)) for text in texts]
    return torch.tensor(rows)  # (batch, letters)


def logits_for(model, source, ids):
    seen = (source > 0)[:, None, None, :]  # (batch, 1, 1, letters): padding is hidden
    return model.decode(ids, model.encoder(source, seen), seen)


def shifted(target):
    """Teacher forcing: the decoder reads the answer one place late."""
    start = torch.full((len(target), 1), IDS["start"])
    return torch.cat([start, target[:, :-1]], dim=1)  # (batch, letters)


def train(steps, look=(), shift=shifted, seed=0):
    """Train a new model. Returns it, its losses, and its attention at some steps."""
    torch.manual_seed(seed)
    dice = random.Random(0)
    model = EncoderDecoder(CONFIG, Text, Text)
    for weight in model.parameters():
        if weight.dim() > 1:
            nn.init.xavier_uniform_(weight)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, betas=(0.9, 0.98))  # 5.3
    losses, maps = [], {}
    for step in range(steps + 1):
        if step in look:
            maps[step] = look_at(model)
        sources, targets = zip(*(task(dice) for _ in range(64)))
        source, target = batch_of(sources), batch_of(targets)
        logits = logits_for(model, source, shift(target))  # (batch, letters, ids)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:  # section 5.3: warm up, then cool down
            group["lr"] = 2e-3 * min((step + 1) / 100, (1.02 - step / steps))
        optimizer.step()
        losses.append(loss.item())
    return model, losses, maps


@torch.no_grad()
def look_at(model):
    """The cross-attention for the example, the mean over the heads."""
    logits_for(model, batch_of([EXAMPLE]), shifted(batch_of([ANSWER])))
    return model.decoder.layers[0].encoder_attn.map[0].mean(dim=0)  # (10, 13)


@torch.no_grad()
def write(model, sources):
    """Greedy decoding: each date is written letter by letter."""
    source, letters = batch_of(sources), ["pad", "start", *LETTERS]
    ids = torch.full((len(sources), 1), IDS["start"])
    for _ in range(10):
        best = logits_for(model, source, ids)[:, -1:].argmax(dim=-1)
        ids = torch.cat([ids, best], dim=1)
    return ["".join(letters[i] for i in row) for row in ids[:, 1:].tolist()]


def score(model):
    """The share of 500 new dates that are written without a mistake."""
    dice = random.Random(1)
    sources, targets = zip(*(task(dice) for _ in range(500)))
    written = write(model, sources)
    return sum(a == b for a, b in zip(written, targets)) / len(targets)


if __name__ == "__main__":
    steps = 600
    look = (0, 100, steps)
    model, losses, maps = train(steps, look)
    right, first_loss, last_loss = score(model), losses[0], losses[-1]
    print(f"loss {first_loss:.2f} → {last_loss:.4f}")
    text = write(model, [EXAMPLE])[0]
    print(f"{right:.1%} of new dates are right; {EXAMPLE} → {text}")
    # Rows: year 0–3, month 5–6, day 8–9. Columns: day 0–1, month 3–7, year 9–12.
    year, month = (slice(0, 4), slice(9, 13)), (slice(5, 7), slice(3, 8))
    parts = [year, month, (slice(8, 10), slice(0, 2))]
    found = [sum(maps[step][part].sum().item() for part in parts) / 8 for step in look]
    even = (4 * 4 + 2 * 5 + 2 * 2) / 8 / len(EXAMPLE)  # for a look without a preference
    found_first, found_middle, found_last = found
    print("weight on the part that is being written:", *(f"{one:.2f}" for one in found))
    figure, grid = plt.subplots(2, 2, figsize=(4.4, 4.4))
    grid[0, 0].semilogy(losses, color=plots.BLUE)
    grid[0, 0].set_yticks([1, 0.1, 0.01, 0.001], ["1", "0.1", "0.01", "0.001"])
    grid[0, 0].set_title("The loss")
    for step, axes in zip(look, grid.flat[1:]):
        title = f"After {step} steps"
        plots.heatmap(maps[step], list(ANSWER), list(EXAMPLE), title, top=0.8, ax=axes)
        axes.tick_params(axis="x", rotation=0)
