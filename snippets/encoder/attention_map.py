"""The attention map of one encoder head, and a control for what it seems to say."""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")


def look(sentence):
    inputs = tokenizer(sentence, return_tensors="pt")
    with torch.no_grad():
        attentions = encoder(**inputs, output_attentions=True).attentions
    return inputs.tokens(), torch.cat(attentions)  # (layers, heads, queries, keys)


tokens, maps = look("The dog chased the ball because it was bored.")
weights = maps[5, 11]  # layer 6, head 12: (queries, keys)
it, dog, ball = (tokens.index(word) for word in ("it", "dog", "ball"))
control = look("The dog chased the ball because it was round.")[1][5, 11]

it_to_dog, it_to_ball = weights[it, dog], weights[it, ball]
control_to_dog, control_to_ball = control[it, dog], control[it, ball]
all_to_dog = weights[:, dog].mean()
later_share = maps.triu(1).sum() / maps.sum()
first_share = maps[..., 0].sum() / maps.sum()  # on [CLS]
later_of_rest = maps.triu(1).sum() / maps[..., 1:].sum()
print(f"because it was bored:  it → dog {it_to_dog:.2f}   it → ball {it_to_ball:.2f}")
print(f"because it was round:  it → dog {control_to_dog:.2f}   "
      f"it → ball {control_to_ball:.2f}")  # fmt: skip
print(f"an average token → dog {all_to_dog:.2f}")
print(f"weight on later tokens, all 72 heads: {later_share:.0%}")
plots.heatmap(weights, tokens, tokens, "Nearly every row looks at dog")
