"""Attention weights under the default attention (SDPA), and under `eager`."""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
sentence = "The robot watered the sunflowers because they were thirsty."
inputs = tokenizer(sentence, return_tensors="pt")
tokens = tokenizer.convert_ids_to_tokens(inputs.input_ids[0])


def run(**how):
    model = AutoModel.from_pretrained("models/minilm", **how)
    with torch.no_grad():
        outputs = model(**inputs, output_attentions=True)
    kind = model.config._attn_implementation
    print(f"{kind:6} gives {len(outputs.attentions)} attention tensors")
    return outputs


default = run()
eager = run(attn_implementation="eager")
maps_default, maps_eager = len(default.attentions), len(eager.attentions)
weights = eager.attentions[0][0, 2]  # layer 1, head 3: (tokens, tokens)
print("the shape of one:", tuple(eager.attentions[0].shape))
gap = (default.last_hidden_state - eager.last_hidden_state).abs().max().item()
print(f"the vectors of the two differ by at most {gap:.0e}")
previous = weights.diagonal(-1)[1:-1].mean().item()  # words to the token before
plots.heatmap(weights, tokens, tokens, "This head looks one token back", top=1)
