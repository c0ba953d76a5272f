"""SmolLM2 with fewer bits a weight, in blocks of 32 and in whole rows."""

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/smollm2", pad_token="<|endoftext|>")
lines = open("models/rated-sentences/news.tsv", encoding="utf-8").read().splitlines()
news = ["<|endoftext|>" + line.split("\t")[1] for line in lines[:400:50]]
news.sort(key=lambda text: len(tokenizer(text).input_ids))  # so there is little padding
padded = {"padding": True, "padding_side": "right", "return_tensors": "pt"}
batches = [tokenizer(part, **padded) for part in (news[:5], news[5:])]
model = AutoModelForCausalLM.from_pretrained("models/smollm2")
matrices = [m for m in model.model.layers.modules() if isinstance(m, torch.nn.Linear)]
exact = [m.weight.data for m in matrices]


def rounded(weight, bits, size):
    """The weight with 2**bits levels between the ends of each block."""
    blocks = weight.reshape(-1, size or weight.shape[1])
    least, most = blocks.amin(1, keepdim=True), blocks.amax(1, keepdim=True)
    scale = (most - least) / (2**bits - 1)
    steps = (blocks - least).div_(scale).round_()  # in place: less memory is asked for
    return steps.mul_(scale).add_(least).reshape(weight.shape)


def read(batch):
    """The loss of each text of the batch, and the first choice at each place."""
    logits = model(**batch).logits[:, :-1]  # (texts, tokens - 1, 49152)
    seen, targets = batch.attention_mask[:, 1:].bool(), batch.input_ids[:, 1:, None]
    loss = logits.logsumexp(-1) - logits.gather(-1, targets)[..., 0]
    return (loss * seen).sum(1), logits.argmax(-1)[seen]


of_texts, choices = map(torch.cat, zip(*map(read, batches)))
perplexity, changed, dearer = {}, {}, {}
print("| bits | blocks: perplexity | changed | rows: perplexity | changed |")
print("|--:|--:|--:|--:|--:|")
for bits in (8, 5, 4, 3, 2):
    for size in (32, None):
        for matrix, weight in zip(matrices, exact):
            matrix.weight.data = rounded(weight, bits, size)
        losses, new = map(torch.cat, zip(*map(read, batches)))
        dearer[bits, size] = (losses > of_texts).sum().item()
        # Two digits of the perplexity are meant.
        perplexity[bits, size] = float(f"{(losses.sum() / len(new)).exp():.2g}")
        changed[bits, size] = (new != choices).float().mean().item()
    cells = (f"{perplexity[bits, s]:,.0f} | {changed[bits, s]:.1%}" for s in (32, None))
    print(f"| {bits} | {' | '.join(cells)} |")
tokens, texts, levels_8, dearer_5 = len(choices), len(news), 2**8, dearer[5, 32]
blocks_8, blocks_5, blocks_4, blocks_3 = (changed[bits, 32] for bits in (8, 5, 4, 3))
rows_8, rows_4, loss_3 = changed[8, None], changed[4, None], perplexity[3, 32]
loss_5, exact_loss = perplexity[5, 32], float(f"{(of_texts.sum() / tokens).exp():.2g}")
print(f"\n5 bits in blocks: {dearer_5} of {texts} texts have a higher loss.")
