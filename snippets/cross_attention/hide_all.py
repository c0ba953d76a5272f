"""Hide each piece of 29 sentences in turn: whose word goes missing?"""

from pathlib import Path

import torch
from transformers import AutoTokenizer
from transformers.modeling_outputs import BaseModelOutput

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt", attn_implementation="eager")
torch.set_grad_enabled(False), torch.manual_seed(0)


def read(english):
    batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
    return batch, model.get_encoder()(**batch).last_hidden_state  # (1, source, 256)


english = Path("snippets/cross_attention/gold.txt").read_text("utf-8").splitlines()[::2]
pairs = Path("snippets/architecture/pairs.tsv").read_text("utf-8").splitlines()
english += [line.split("\t")[0] for line in pairs[:16]]
mean = torch.cat([read(one)[1][0] for one in english]).mean(dim=0)  # (256,)
gone = {"masked": [], "mean state": []}  # of each sentence (places, words)
for one in english:
    batch, states = read(one)
    ids = model.generate(**batch, num_beams=1, max_new_tokens=40)
    out = model(**batch, decoder_input_ids=ids[:, :-1], output_attentions=True)
    rows = out.cross_attentions[1][0, 0, :-1, :-1]  # layer 2, head 1, no end tokens
    new = [piece[0] == "▁" for piece in tokenizer.convert_ids_to_tokens(ids[0, 1:-1])]
    word = torch.tensor(new).cumsum(0) - 1  # (target): the word of each piece
    words = tokenizer.decode(ids[0], skip_special_tokens=True).split()
    by_word = torch.stack([rows[word == n].mean(dim=0) for n in range(len(words))])
    order = by_word.argsort(dim=1, descending=True).T  # (pieces, words)
    chance = order.gather(0, torch.randint(1, len(order), (1, len(words))))
    places = torch.cat([order[:2], chance, order[-1:]])  # (4, words)
    hidden = torch.eye(by_word.shape[1], states.shape[1])  # one piece in each row
    blank = torch.where(hidden[..., None] == 1, mean, states)  # (hidden, source, 256)
    held = torch.cat([states.expand_as(blank), blank])  # (2 · hidden, source, 256)
    mask = torch.cat([1 - hidden, torch.ones_like(hidden)])
    new = model.generate(encoder_outputs=BaseModelOutput(held), attention_mask=mask,
                         num_beams=1, max_new_tokens=40)  # fmt: skip
    texts = [text.split() for text in tokenizer.batch_decode(new, True)]
    lost = [[text.count(x) < words.count(x) for x in words] for text in texts]
    for way, of_way in zip(gone, torch.tensor(lost).float().chunk(2)):
        gone[way].append(of_way.gather(0, places))
lowest, sentences = min(x[0].mean().item() for x in gone["masked"]), len(english)
print("gone when a piece is hidden: strongest  second  any other  weakest of its row")
shares = [torch.cat(found, dim=1).mean(dim=1).tolist() for found in gone.values()]
for way, (first, second, other, weakest) in zip(gone, shares):
    print(f"{way:<27}{first:10.0%}{second:8.0%}{other:11.0%}{weakest:9.0%}")
(masked, second, other, weakest), (filled, *_) = shares
