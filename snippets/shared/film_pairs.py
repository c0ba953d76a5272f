"""Pairs of short sentences about films, praise and blame, and their log-probabilities."""

import torch

from snippets.shared.film_questions import clear_reviews
from snippets.shared.last_layers import states_below


class FilmPairs:
    """72 pairs; each sentence stands behind the same beginning."""

    def __init__(self, model, tokenizer):
        start = "<|endoftext|>Film review:"
        pairs = list(zip(*clear_reviews(tokenizer).values()))[:72]  # praise, blame
        batch = tokenizer(
            [f"{start} {text}\n" for pair in pairs for text in pair],
            padding=True, padding_side="right", return_tensors="pt",
        )  # fmt: skip
        self.ids, self.counts = batch.input_ids, batch.attention_mask[:, 1:].bool()
        self.counts[:, : len(tokenizer(start).input_ids) - 1] = False  # the sentence only
        self.states = states_below(model, batch)

    def logs(self, top, pairs) -> torch.Tensor:
        """The log-probability of both sentences of these pairs, (pairs, 2)."""
        rows = torch.stack([2 * pairs, 2 * pairs + 1], 1).flatten()
        hidden, places = top(self.states[rows])[:, :-1], self.counts[rows]
        every = top.head(hidden[places]).log_softmax(-1)  # (tokens, 49152)
        own = every.gather(1, self.ids[rows][:, 1:][places][:, None])
        logs = torch.zeros(places.shape).masked_scatter(places, own)
        return logs.sum(1).reshape(-1, 2)
