"""What heads do: how much weight goes to neighbors, itself, [CLS] and [SEP]."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
sentences = [line.split("\t")[1] for line in lines[:200]]
sentences = [text for text in sentences if 10 < len(text.split()) < 30][:60]

jobs = ["the token before", "the token after", "itself", "[CLS]", "[SEP]"]
by_sentence = torch.zeros(len(sentences), len(jobs), 72)
for sentence, shares in zip(sentences, by_sentence):
    inputs = tokenizer(sentence, return_tensors="pt")
    with torch.no_grad():
        maps = torch.cat(encoder(**inputs, output_attentions=True).attentions)
    maps = maps.flatten(0, 1)  # (heads of all layers, queries, keys)
    for job, offset in enumerate((-1, 1, 0)):
        diagonal = maps.diagonal(offset, dim1=1, dim2=2)
        shares[job] = diagonal[:, 1:-1].mean(-1)
    for job, column in ((3, 0), (4, -1)):
        shares[job] = maps[:, 1:-1, column].mean(-1)

shares, lowest = by_sentence.mean(0), []  # (jobs, heads)
print("| looks at | best head | its share | lowest sentence | average head |")
print("|---|---|---|---|---|")
for job, (name, share) in enumerate(zip(jobs, shares)):
    best = share.argmax().item()
    low = by_sentence[:, job, best].min().item()
    lowest.append(low)
    where = f"layer {best // 12 + 1}, head {best % 12 + 1}"
    print(f"| {name} | {where} | {share[best]:.0%} | {low:.0%} | {share.mean():.0%} |")
before_share, after_share, self_share, first_share, _ = shares.max(-1).values.tolist()
before_lowest, after_lowest, *_ = lowest
before_layer = shares[0].argmax().item() // 12 + 1
average_on_first = shares[3].mean()
read_news = len(sentences)
