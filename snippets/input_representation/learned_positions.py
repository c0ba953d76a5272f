"""The position table that MiniLM learned: how alike are two positions?"""

import torch
import torch.nn.functional as F
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm").eval()
embeddings = model.embeddings
positions = embeddings.position_embeddings.weight.detach()  # (positions, width)

inputs = tokenizer("The robot watered the sunflowers", return_tensors="pt")
tokens = inputs.input_ids.shape[1]
with torch.no_grad():
    first = model(**inputs, output_hidden_states=True).hidden_states[0][0]
    added = (
        embeddings.word_embeddings(inputs.input_ids[0])
        + positions[:tokens]
        + embeddings.token_type_embeddings.weight[0]
    )  # (tokens, width)
    same = torch.allclose(embeddings.LayerNorm(added), first, atol=1e-5)
print(f"the sum, after a norm, is the first hidden state: {same}")

directions = F.normalize(positions, dim=1)
similarity = directions @ directions.T  # (positions, positions)
rows = similarity.shape[0]
at = {d: similarity.diagonal(d)[1:].mean().item() for d in (1, 3, 6, 9, 12)}
apart_1, apart_3, apart_6, apart_9, apart_12 = at.values()
for distance, mean in at.items():
    print(f"positions {distance:2} apart: mean cosine {mean:.2f}")
first_highest = similarity[0, 1:].max().item()
print(f"position 0 and the one most like it: {first_highest:.2f}")
length_first = positions[0].norm().item()
length_rest = positions[1:].norm(dim=1).mean().item()
length_tokens = embeddings.word_embeddings.weight.norm(dim=1).mean().item()

ticks = [str(p) if p % 8 == 0 else "" for p in range(48)]
title = "Near positions are alike, in waves"
plots.heatmap(similarity[:48, :48], ticks, ticks, title, signed=True)
