"""What texts begin with is read once for all: the cache, and the rest padded on the left."""

from os.path import commonprefix  # of any lists, not of paths alone

import torch


def read_once(model, tokenizer, texts) -> dict:
    """What model.generate needs to write behind these texts."""
    each = tokenizer(texts).input_ids
    start = commonprefix(each)
    with torch.no_grad():
        cache = model(torch.tensor([start]), logits_to_keep=1).cache
    cache.batch_repeat_interleave(len(each))
    rest = {"input_ids": [ids[len(start) :] for ids in each]}
    rest = tokenizer.pad(rest, padding_side="left", return_tensors="pt")
    shared = torch.tensor([start] * len(each))
    return {
        "input_ids": torch.cat([shared, rest.input_ids], 1),
        "attention_mask": torch.cat([torch.ones_like(shared), rest.attention_mask], 1),
        "cache": cache,
    }
