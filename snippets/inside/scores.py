"""A score for each of the 270 heads: does it look behind the earlier copy?"""

import torch
from transformers import AutoModel

from snippets import plots

model = AutoModel.from_pretrained("models/smollm2", attn_implementation="eager")
torch.manual_seed(0)
texts, length = 8, 25
half, others = torch.randint(1000, 48_000, (2, texts, length))
start = torch.zeros(texts, 1, dtype=torch.long)
row = torch.arange(length + 1, 2 * length + 1)  # the places of the second half


def look(second):
    """Weights 24 places back and one place back, of each head: (layers, heads)."""
    ids = torch.cat([start, half, second], dim=1)
    with torch.no_grad():
        maps = torch.stack(model(ids, output_attentions=True).attentions)
    cells = maps[..., row, row - length + 1], maps[..., row, row - 1]
    return [cell.mean(dim=(1, 3)) for cell in cells]


(behind, before), (no_copy, _) = look(half), look(others)
for name, score in ("behind the copy", behind), ("one back", before):
    print(f"best heads, {name}:")
    for place in score.flatten().topk(7).indices.tolist():
        layer, head = divmod(place, 9)
        print(f"  layer {layer:2}, head {head}: {score[layer, head]:.2f}")

heads = behind.numel()
best, median = behind.max().item(), behind.median().item()
half_or_more = (behind >= 0.5).sum().item()
first_layer = (behind >= 0.5).any(dim=1).nonzero()[0].item()
best_one_back = before.max().item()
most_no_copy = no_copy[behind >= 0.5].max().item()
print(f"{half_or_more} of {heads} heads give half of their weight or more")
print(f"where nothing is repeated, these give that place {most_no_copy:.2f} at most")
layers = [str(layer) if layer % 3 == 0 else "" for layer in range(30)]
ax = plots.heatmap(behind.T, range(9), layers, "Few look behind the copy", top=1)
ax.set_ylabel("head")
