"""The position table that MiniLM learned: how alike are the vectors of two positions?"""

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
    largest = (embeddings.LayerNorm(added) - first).abs().max().item()
print(f"token + position + segment, then norm = first hidden state: {largest:.0e}")

directions = F.normalize(positions, dim=1)
similarity = directions @ directions.T  # (positions, positions)
rows = similarity.shape[0]
at = {d: similarity.diagonal(d)[1:].mean().item() for d in (1, 5, 20)}
apart_1, apart_5, apart_20 = at.values()
for distance, mean in at.items():
    print(f"positions {distance:2} apart: mean cosine {mean:.2f}")
length_first = positions[0].norm().item()
length_rest = positions[1:].norm(dim=1).mean().item()
length_tokens = embeddings.word_embeddings.weight.norm(dim=1).mean().item()

ticks = [str(p) if p % 8 == 0 else "" for p in range(48)]
plots.heatmap(
    similarity[:48, :48], ticks, ticks, "Neighboring positions look alike", signed=True
)
