"""Layers and one number, taken from the first token of short texts and of long ones."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2", pad_token="<|endoftext|>")
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
lines = open("snippets/decoder/beginnings.txt", encoding="utf-8").read().splitlines()
news = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
story = open("snippets/parallelism/story.txt", encoding="utf-8").read()
kinds = {"beginnings": [" ".join(line.split()[:6]) for line in lines[::2]],
         "sentences": [x.split("\t")[1] for x in news[:400:5] if len(x) < 100][:20],
         "story": [story]}  # fmt: skip
layers, found = model.model.layers, []

for texts in kinds.values():
    texts = ["<|endoftext|>" + text for text in texts]
    how = {"padding": True, "padding_side": "right", "truncation": True}
    batch = tokenizer(texts, max_length=200, return_tensors="pt", **how)
    ids, mask = batch.input_ids, batch.attention_mask  # (texts, tokens)
    output = model(**batch, output_hidden_states=True)

    def perplexity(logits):
        log_p = logits[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None])[..., 0]
        return (-(log_p * mask[:, 1:]).sum() / mask[:, 1:].sum()).exp().item()

    states, whole = output.hidden_states, perplexity(output.logits)

    def times(layer, places=slice(0, 1), new=None):
        """The perplexity with other states behind a layer: by default, its input."""
        mixed = states[layer + 1].clone()  # (texts, tokens, 576)
        mixed[:, places] = states[layer][:, places] if new is None else new
        model.model.layers = layers[layer + 1 :]
        logits = model(inputs_embeds=mixed, attention_mask=mask, use_cache=False).logits
        model.model.layers = layers
        return perplexity(logits) / whole

    first = states[12][0, 0]  # behind layer 11, the same in every text: (576,)
    alone = torch.where(first.abs() == first.abs().max(), first, 0)
    found.append([times(2), times(11), times(11, slice(1, None)),
                  times(11, new=first - alone), times(11, new=alone)])  # fmt: skip
print("| left out |", " | ".join(kinds), "|\n|---|---:|---:|---:|")
ways = ["layer 2, first token", "layer 11, first token", "layer 11, all others",
        "first token: its largest number", "first token: all but this one"]  # fmt: skip
for name, row in zip(ways, zip(*found)):
    shown = ("over 1,000" if cost > 1000 else f"{cost:.1f}" for cost in row)
    print(f"| {name} |", " | ".join(shown), "|")
_, short_11, _, _, alone_short = found[0]
_, news_11, news_others, _, alone_news = found[1]
_, story_11, story_others, _, alone_story = found[2]
least_zero, zeros = min(row[3] for row in found), len(first) - 1
