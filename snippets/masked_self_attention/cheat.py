"""Where the decoder without a mask looks: one to the right, at the answer."""

import torch
from torch.nn.functional import cross_entropy

from snippets import plots
from snippets.shared.tiny_decoder import CONTEXT, LETTERS, encode, sentences, train

text = "robot watered the"
model, losses = train(masked=False)
with torch.no_grad():
    hidden = model.embed(encode(text)) + model.position.weight[: len(text)]
    layer = model.layers[0]
    hidden = layer.norm1(hidden)[None]  # (1, tokens, 64)
    weights = layer.self_attn(hidden, hidden, hidden, average_attn_weights=False)[1][0]

next_one = weights.diagonal(offset=1, dim1=-2, dim2=-1).mean(dim=-1)  # (heads,)
head = next_one.argmax().item()
head_number = head + 1  # counted from one
to_the_answer = next_one[head].item()
even_share = 1 / len(text)
unseen = encode(sentences(200, seed=1)).unfold(0, CONTEXT + 1, 7)  # (windows, 41)


def loss_of_the_last(tokens):
    with torch.no_grad():
        logits = model(unseen[:, :tokens])[:, -1]
    return cross_entropy(logits, unseen[:, tokens]).item()


loss_in_the_middle, loss_at_the_end = loss_of_the_last(20), loss_of_the_last(CONTEXT)


def follows(steps):
    """How often the first choice at place 20 becomes a letter put in further right."""
    texts = unseen[:, :CONTEXT].clone()
    new = torch.randint(len(LETTERS), (len(texts),))
    texts[:, 20 + steps] = new
    with torch.no_grad():
        return (model(texts)[:, 20].argmax(dim=-1) == new).float().mean().item()


copied, control = follows(1), follows(2)
rows, right = len(text) - 1, torch.arange(1, len(text))
strongest = int((weights[head, :-1].argmax(dim=-1) == right).sum())
print(f"head {head_number} gives {to_the_answer:.0%} to the next character")
print(f"loss with the text cut off after 20: {loss_in_the_middle:.2f},"
      f" after {CONTEXT}: {loss_at_the_end:.2f}")
print(f"a letter put in becomes its choice: as the next {copied:.0%},"
      f" as the one after {control:.0%}")
letters = list(text.replace(" ", "␣"))
title = "Most characters read the next one"
plots.heatmap(weights[head], letters, letters, title, top=1)
