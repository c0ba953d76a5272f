"""All 72 heads of MiniLM, measured over eight sentences: which head looks where."""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
sentences = [
    "The robot watered the sunflowers because they were thirsty.",
    "The dog chased the ball because it was bored.",
    "She opened the window because the room was hot.",
    "My brother bought a bicycle after he found a job.",
    "The children played in the park until it rained.",
    "We read three books about the history of Rome.",
    "Nobody knows why the old clock stopped yesterday.",
    "If you heat water enough, it turns into steam.",
]
jobs = ["previous token", "next token", "the token itself", "[CLS]", "[SEP]"]
found = []
for sentence in sentences:
    inputs = tokenizer(sentence, return_tensors="pt")
    with torch.no_grad():
        outputs = model(**inputs, output_attentions=True)
    weights = torch.cat(outputs.attentions)  # (layers, heads, tokens, tokens)
    last = weights.shape[-1] - 1
    i = torch.arange(2, last - 1)  # queries with a word before and a word after them
    targets = [i - 1, i + 1, i, torch.zeros_like(i), torch.full_like(i, last)]
    looks = [weights[:, :, i, target].mean(dim=-1) for target in targets]
    found.append(torch.stack(looks))  # (jobs, layers, heads)
mean = torch.stack(found).mean(dim=0)  # (jobs, layers, heads)

print("| looks at | best head | its weight | all heads |\n|---|---|---|---|")
for job, grid in zip(jobs, mean):
    layer, head = divmod(grid.argmax().item(), 12)
    best = f"layer {layer + 1}, head {head + 1}"
    print(f"| {job} | {best} | {grid.max():.3f} | {grid.mean():.3f} |")
previous_best, sep_best = mean[0].max().item(), mean[4].max().item()
previous_lowest = torch.stack(found)[:, 0, 0, 2].min().item()  # of that head
cls_best, cls_mean = mean[3].max().item(), mean[3].mean().item()
layers = [f"layer {n}" for n in range(1, 7)]
heads = [str(n) for n in range(1, 13)]
plots.heatmap(mean[0], layers, heads, "One head looks one token back", top=1)
