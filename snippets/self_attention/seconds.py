"""Attention on twelve heads: processor time and new pages of memory, by length."""

from os import name as system
from statistics import median_high
from time import process_time

import torch

torch.manual_seed(0)
heads, d_k = 12, 32


def attend(query, key, value, scores=None, scaled=None, weights=None):
    """The equation; into memory of ours, if we give it some."""
    scores = torch.matmul(query, key.mT, out=scores)  # (heads, tokens, tokens)
    scaled = torch.div(scores, d_k**0.5, out=scaled)
    weights = torch.softmax(scaled, dim=-1, out=weights)
    return weights @ value


def taken():
    """Pages of memory that the system has handed to this process so far."""
    if system == "nt":  # Windows
        from psutil import Process
        return Process().memory_info().num_page_faults
    from resource import RUSAGE_SELF, getrusage
    return getrusage(RUSAGE_SELF).ru_minflt


def measure(*tensors):
    """The least processor seconds of eight runs, and the middle count of pages."""
    runs_seconds, runs_pages = [], []
    for _ in range(8):
        before, start_seconds = taken(), process_time()
        attend(*tensors)
        runs_seconds.append(process_time() - start_seconds)
        runs_pages.append(taken() - before)
    return min(runs_seconds), median_high(runs_pages)


best_seconds, pages = {}, {}
for length in (256, 512, 1024):
    tensors = torch.randn(3, heads, length, d_k)  # query, key, value
    maps = torch.empty(3, heads, length, length)  # allocated once
    for name, given in {"new": tensors, "kept": [*tensors, *maps]}.items():
        best_seconds[name, length], pages[name, length] = measure(*given)
        milli, faults = 1e3 * best_seconds[name, length], pages[name, length]
        print(f"{length:4} {name} maps {milli:6.1f} ms {faults:6,} pages")

new_ratio_seconds, kept_ratio_seconds = (
    best_seconds[name, 1024] / best_seconds[name, 256] for name in ("new", "kept")
)
print(f"4 times the tokens, new maps: {new_ratio_seconds:.0f} times as long")
print(f"4 times the tokens, kept maps: {kept_ratio_seconds:.0f} times as long")
pages_ratio_seconds = best_seconds["new", 1024] / best_seconds["kept", 1024]
map_megabytes = heads * 1024**2 * 4 / 1e6
most_pages, kept_pages = pages["new", 1024], pages["kept", 1024]
