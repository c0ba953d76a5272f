"""A reward for the right number of words: alone, on a leash, and dealt out by lot."""

import copy

import torch

from snippets.shared.counting import END, counts, loss_of, pretrained, requests, texts


def words(ids):
    """The number of words that each text has, up to its end."""
    return (counts(ids[:, 2:]) & (ids[:, 2:] != END)).sum(1)


def logs(writer, ids):
    """The log-probability of each text behind its request."""
    each = writer(ids[:, :-1])[:, 1:].gather(2, ids[:, 2:, None])[..., 0]
    return (each * counts(ids[:, 2:])).sum(1)


def look(writer):
    """Right lengths, rewarded requests and new; repeated words, texts, loss."""
    torch.manual_seed(9)
    seen, new = (writer.draw(requests(600, held_out)) for held_out in (False, True))
    right = [(words(x) == x[:, 1]).float().mean().item() for x in (seen, new)]
    said = [tuple(row[:n]) for row, n in zip(new[:, 2:].tolist(), words(new).tolist())]
    again = sum(len(set(text)) < len(text) for text in said) / len(said)
    return *right, again, len(set(said)), loss_of(writer, texts(600)).item()


reference = pretrained().requires_grad_(False)
found = {"before": [look(reference)]}
ways = {"reward": (0, 2), "reward, leash": (0.1, 2), "by lot, leash": (0.1, 1)}
for name, (leash, seeds) in ways.items():
    for seed in range(seeds):
        torch.manual_seed(seed)
        writer = copy.deepcopy(reference).requires_grad_(True)
        optimizer = torch.optim.Adam(writer.parameters(), lr=1e-3, foreach=True)
        for step in range(100):
            ids = writer.draw(requests(96, held_out=False))
            order = torch.randperm(96) if "lot" in name else torch.arange(96)
            reward = (words(ids) == ids[:, 1])[order].float()
            log = logs(writer, ids)
            if leash:
                reward = reward - leash * (log.detach() - logs(reference, ids))
            loss = -((reward - reward.mean()) * log).mean()  # REINFORCE
            optimizer.zero_grad(), loss.backward(), optimizer.step()
        found.setdefault(name, []).append(look(writer))

print("| trained with | right | right, new | a word twice | texts of 600 | loss |")
print("|---|--:|--:|--:|--:|--:|")
for name, run in ((name, run) for name, runs in found.items() for run in runs):
    print("| {} | {:.0%} | {:.0%} | {:.0%} | {} | {:.1f} |".format(name, *run))
(before,), alone, leashed, (lot,) = found.values()
alone_seen, alone_new = min(run[0] for run in alone), max(run[1] for run in alone)
kept_seen, kept_new = (min(run[part] for run in leashed) for part in (0, 1))
kinds, alone_kinds, kept_kinds, _ = (max(list(zip(*x))[3]) for x in found.values())
