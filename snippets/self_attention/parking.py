"""MiniLM, where one token hands over nothing, or where nobody can look at it."""

import torch
from transformers import AutoModel, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = [line.split("\t")[1] for line in lines[:400:10]]


def last_vectors(inputs, change):
    """The tokens' last vectors, with changed weights in each head of each layer."""

    def attend(attention, given, made):
        weights = change(made[1])  # (1, heads, tokens, tokens)
        value = attention.value(given[0]).unflatten(-1, (12, 32)).transpose(1, 2)
        return (weights @ value).transpose(1, 2).flatten(2), weights

    layers = [layer.attention.self for layer in model.encoder.layer]
    hooks = [layer.register_forward_hook(attend) for layer in layers]
    vectors = model(**inputs).last_hidden_state[0]  # (tokens, 384)
    for hook in hooks:
        hook.remove()
    return vectors


found = {}
for text in news:
    inputs = tokenizer(text, return_tensors="pt")
    last = inputs.input_ids.shape[1] - 1
    usual = last_vectors(inputs, lambda weights: weights)
    places = {"`[CLS]`": 0, "the middle token": last // 2, "`[SEP]`": last}
    for name, place in places.items():
        at = torch.tensor([place])
        # All other weights stay, and a row sums to less than one.
        nothing = lambda weights: weights.index_fill(-1, at, 0)
        # The others take over its weight, each in proportion, and a row sums to one.
        masked = lambda weights: torch.nn.functional.normalize(nothing(weights), 1, -1)
        words = [i for i in range(1, last) if i != place]
        for change in (nothing, masked):
            new = last_vectors(inputs, change)[words]
            cosine = torch.cosine_similarity(new, usual[words]).mean().item()
            found.setdefault((name, change is masked), []).append(cosine)
print("| token | hands over nothing | cannot be looked at |\n|---|---:|---:|")
mean = {key: sum(cosines) / len(news) for key, cosines in found.items()}
for name in places:
    print(f"| {name} | {mean[name, False]:.3f} | {mean[name, True]:.3f} |")
cls_silent, cls_masked = found["`[CLS]`", False], found["`[CLS]`", True]
silent, masked_cls = mean["`[CLS]`", False], mean["`[CLS]`", True]
silent_lowest, masked_highest = min(cls_silent), max(cls_masked)
silent_word, sentences = mean["the middle token", False], len(news)
