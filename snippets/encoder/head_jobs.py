"""What heads do: how much weight goes to neighbors, itself, [CLS] and [SEP]."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
encoder = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
sentences = [line.split("\t")[1] for line in lines[:200]]
sentences = [text for text in sentences if 10 < len(text.split()) < 30][:60]

jobs = ["the token before", "the token after", "itself", "[CLS]", "[SEP]"]
shares = torch.zeros(len(jobs), 72)
for sentence in sentences:
    inputs = tokenizer(sentence, return_tensors="pt")
    with torch.no_grad():
        maps = torch.cat(encoder(**inputs, output_attentions=True).attentions)
    maps = maps.flatten(0, 1)  # (heads of all layers, queries, keys)
    for job, offset in enumerate((-1, 1, 0)):
        diagonal = maps.diagonal(offset, dim1=1, dim2=2)
        shares[job] += diagonal[:, 1:-1].mean(-1) / len(sentences)
    for job, column in ((3, 0), (4, -1)):
        shares[job] += maps[:, 1:-1, column].mean(-1) / len(sentences)

print("| looks at | best head | its share | average head |\n|---|---|---|---|")
for job, share in zip(jobs, shares):
    layer, head = divmod(share.argmax().item(), 12)
    where = f"layer {layer + 1}, head {head + 1}"
    print(f"| {job} | {where} | {share.max():.0%} | {share.mean():.0%} |")
before_share, after_share, self_share, first_share, _ = shares.max(-1).values.tolist()
before_layer = shares[0].argmax().item() // 12 + 1
average_on_first = shares[3].mean()
read_news = len(sentences)
