"""Three mistakes in the encoder that raise no error, and what they do to its output."""

import torch
from transformers import AutoTokenizer

from snippets import plots
from snippets.from_scratch import encoder

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = encoder.load("models/minilm")
texts = ["The dog chased the ball because it was bored.", "A puppy ran after a toy."]
batch = tokenizer(texts, padding=True, return_tensors="pt")
ids, mask = batch.input_ids, batch.attention_mask


def no_scale(query, key, value, mask):
    scores = (query @ key.transpose(-2, -1)).masked_fill(~mask, -1e9)
    return scores.softmax(dim=-1) @ value, scores.softmax(dim=-1)


def mask_too_late(query, key, value, mask):
    weights = (query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5).softmax(dim=-1)
    weights = weights * mask  # with padding, rows now sum to less than one
    return weights @ value, weights


def heads_mixed_up(x, heads):
    return x.view(len(x), heads, x.shape[1], -1)  # no transpose: the shape is right


mistakes = {
    "none": {},
    "scale forgotten": {"attention": no_scale},
    "mask after softmax": {"attention": mask_too_late},
    "heads mixed up": {"split_heads": heads_mixed_up},
}
maps, cosines, row_sums, correct = [], [], [], dict(vars(encoder))
print("| mistake | long text | short text | row sum |\n| --- | ---: | ---: | ---: |")
for mistake, change in mistakes.items():
    vars(encoder).update({**correct, **change})
    states, layers = model(ids, mask)
    sums = (states[-1] * mask[:, :, None]).sum(dim=1)  # (batch, width)
    embeddings = sums / sums.norm(dim=-1, keepdim=True)
    right = embeddings if mistake == "none" else right
    cosines.append((embeddings * right).sum(dim=-1))  # (batch,)
    long, short = cosines[-1]
    # Of real queries only: (queries, heads, keys) → one sum for each row.
    row_sums.append(layers[0].transpose(1, 2)[mask.bool()].sum(dim=-1).min().item())
    print(f"| {mistake} | {long:.3f} | {short:.3f} | {row_sums[-1]:.2f} |")
    maps.append(layers[5][1, 0, :9, :9])
unscaled, late, mixed = (cosine[1].item() for cosine in cosines[1:])
smallest_late, between = row_sums[2], (right[0] @ right[1]).item()  # the two texts
tokens = tokenizer.convert_ids_to_tokens(ids[1, :9])
shown = {"right": maps[0], "no scale": maps[1], "mixed up": maps[3]}
first, *_ = plots.heatmaps(list(shown.values()), list(shown), tokens, tokens)
first.figure.get_layout_engine().set(h_pad=0.1)  # room for the titles
