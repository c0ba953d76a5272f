"""The kinds of characters, and how many bits the number of an expert tells about a label."""

import math

import torch

EXPERTS = [f"expert {number}" for number in range(1, 9)]
NAMES = "space vowel consonant capital digit sign".split()


def kind(character: str) -> int:
    """Its place in NAMES."""
    tests = str.isspace, "aeiou".__contains__, str.islower, str.isupper, str.isdigit
    return [*(is_so(character) for is_so in tests), True].index(True)


def table(labels: torch.Tensor, experts: torch.Tensor) -> torch.Tensor:
    """The share of all tokens that has this label and goes to this expert, (labels, 8)."""
    pairs = torch.bincount(8 * labels + experts, minlength=8 * (labels.max() + 1))
    return pairs.view(-1, 8) / len(labels)


def bits(labels: torch.Tensor, experts: torch.Tensor) -> float:
    """The mutual information of the two: 0 if the expert tells nothing."""
    both = table(labels, experts)
    parts = (both.sum(1), both.sum(0), both.flatten())
    one, other, together = (torch.special.entr(part).sum() for part in parts)
    return ((one + other - together) / math.log(2)).item()
