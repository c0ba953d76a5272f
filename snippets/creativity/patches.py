"""A small vision Transformer learns in which quarter of a picture a square stands."""

from itertools import product

import torch
from transformers import ViTConfig, ViTForImageClassification

from snippets import plots


def draw(count):
    """Pictures of 24 × 24 with noise and one square, and the quarter it stands in."""
    pictures, answers = 0.2 * torch.rand(count, 1, 24, 24), torch.randint(4, (count,))
    for picture, answer in zip(pictures, answers.tolist()):
        top, left = torch.randint(0, 7, (2,)) + 12 * torch.tensor(divmod(answer, 2))
        picture[0, top : top + 6, left : left + 6] = 1
    return pictures, answers


torch.manual_seed(0)
pictures, answers = draw(3000)
new_pictures, new_answers = draw(500)
config = ViTConfig(image_size=24, patch_size=4, num_channels=1, num_labels=4,
                   hidden_size=48, num_hidden_layers=2, num_attention_heads=4,
                   intermediate_size=96, initializer_range=0.1)  # fmt: skip
scores = {True: [], False: []}
for seed, positions in product(range(3), (True, False)):
    torch.manual_seed(seed)  # the same first numbers and the same batches for both
    model = ViTForImageClassification(config)
    table = model.vit.embeddings.position_embeddings  # (1, 37, 48): [CLS], 36 patches
    if not positions:
        table.data.zero_()
        table.requires_grad = False
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step in range(120):
        some = torch.randint(3000, (32,))
        model(pictures[some], labels=answers[some]).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        guesses = model.eval()(new_pictures).logits.argmax(dim=-1)
    scores[positions].append((guesses == new_answers).float().mean().item())
for positions, shares in scores.items():
    print(f"positions {positions}: new pictures right:", *(f"{x:.1%}" for x in shares))
with_positions, without_positions = min(scores[True]), max(scores[False])
tokens, parameters = table.shape[1], model.num_parameters()
patch_numbers = model.vit.embeddings.patch_embeddings.projection.weight[0].numel()
print(f"{tokens} tokens per picture, {patch_numbers} numbers per patch")
patches = pictures[0, 0].view(6, 4, 6, 4).mean(dim=(1, 3))  # brightness of each
plots.heatmap(patches, title="One picture is 36 tokens")
