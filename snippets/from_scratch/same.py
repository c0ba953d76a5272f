"""Encoder and library agree on fifty sentences, one by one and in one padded batch."""

from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

from snippets.from_scratch import encoder

torch.set_grad_enabled(False)
tokenizer = AutoTokenizer.from_pretrained("models/minilm")
library = AutoModel.from_pretrained("models/minilm", attn_implementation="eager")
ours = encoder.load("models/minilm")
sentences = Path("snippets/from_scratch/sentences.txt").read_text("utf-8").splitlines()


def sentence_embedding(state, mask):
    mean = (state * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
    return mean / mean.norm(dim=-1, keepdim=True)  # (batch, width)


def differences(texts):
    batch = tokenizer(texts, padding=True, return_tensors="pt")
    ids, mask = batch.input_ids, batch.attention_mask
    states, maps = ours(ids, mask)
    theirs = library(ids, mask, output_hidden_states=True, output_attentions=True)
    real = mask.bool()  # (batch, tokens): what stands at padding is never used
    our_embedding = sentence_embedding(states[-1], mask)
    their_embedding = sentence_embedding(theirs.last_hidden_state, mask)
    by_query = [(a - b).transpose(1, 2)[real] for a, b in zip(maps, theirs.attentions)]
    return torch.tensor([
        max((a - b)[real].abs().max() for a, b in zip(states, theirs.hidden_states)),
        max(difference.abs().max() for difference in by_query),
        (our_embedding - their_embedding).abs().max(),
    ])  # fmt: skip


batched = differences(sentences)
alone = torch.stack([differences([sentence]) for sentence in sentences]).amax(dim=0)
in_states, in_maps, in_embeddings = torch.maximum(batched, alone).tolist()
count, longest = len(sentences), max(len(text.split()) for text in sentences)
print(f"largest difference   one batch of {count}   one by one")
for row, what in enumerate(["hidden states", "attention weights", "embeddings"]):
    print(f"{what:19}  {batched[row]:15.1e}  {alone[row]:11.1e}")
