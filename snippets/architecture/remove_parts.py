"""MiniLM without one of its parts: does it still find the sentence that means it?"""

import torch
from transformers import AutoModel, AutoTokenizer

from snippets import plots

lines = open("snippets/architecture/pairs.tsv").read().splitlines()
first, second = map(list, zip(*(line.split("\t") for line in lines)))
tokenizer = AutoTokenizer.from_pretrained("models/minilm")


def embed(model, texts):
    inputs = tokenizer(texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        hidden = model(**inputs).last_hidden_state  # (texts, tokens, 384)
    keep = inputs.attention_mask[..., None]
    means = (hidden * keep).sum(dim=1) / keep.sum(dim=1)  # (texts, 384)
    return torch.nn.functional.normalize(means, dim=-1)


def silence(module):
    module.register_forward_hook(lambda module, inputs, output: output * 0)


def no_norms(layer):
    layer.attention.output.LayerNorm = layer.output.LayerNorm = torch.nn.Identity()


def no_residuals(layer):
    for part in (layer.attention.output, layer.output):
        part.forward = lambda new, old, part=part: part.LayerNorm(part.dense(new))


removals = {
    "nothing": lambda layer: None,
    "attention": lambda layer: silence(layer.attention.output.dense),
    "feed-forward": lambda layer: silence(layer.output.dense),
    "layer norms": no_norms,
    "residuals": no_residuals,
}
found, like_before, texts = {}, {}, len(lines)
for name, remove in removals.items():
    model = AutoModel.from_pretrained("models/minilm")
    intact = embed(model, first)  # (texts, 384)
    for layer in model.encoder.layer:
        remove(layer)
    vectors, others = embed(model, first), embed(model, second)
    nearest = (vectors @ others.T).argmax(dim=1)  # (texts,)
    found[name] = int((nearest == torch.arange(texts)).sum())
    alike = (vectors * intact).sum(dim=1).mean().item()
    like_before[name] = round(alike, 2) + 0.0  # no “-0.00”
print("| removed | found, of 16 | cosine to before |\n|---|---:|---:|")
for name in removals:
    print(f"| {name} | {found[name]} | {like_before[name]:.2f} |")
without_attention, like_attention = found["attention"], like_before["attention"]
without_norms, without_residuals = found["layer norms"], found["residuals"]
plots.bars(removals, like_before.values(), title="What is left without …", unit=".2f")
