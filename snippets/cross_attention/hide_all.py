"""Hide each piece of 29 sentences in turn: whose word goes missing?"""

import torch
from transformers import AutoTokenizer
from transformers.modeling_outputs import BaseModelOutput

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt", attn_implementation="eager")
torch.set_grad_enabled(False)


def lines(name):
    return open(f"snippets/{name}", encoding="utf-8").read().splitlines()


def read(english):
    batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
    return batch, model.get_encoder()(**batch).last_hidden_state  # (1, source, 256)


english = lines("cross_attention/gold.txt")[::2]
english += [line.split("\t")[0] for line in lines("architecture/pairs.tsv")[:16]]
mean = torch.cat([read(one)[1][0] for one in english]).mean(dim=0)  # (256,)
gone = {way: {"strongest": [], "weakest": []} for way in ("masked", "mean state")}
for one in english:
    batch, states = read(one)
    ids = model.generate(**batch, num_beams=1, max_new_tokens=40)
    maps = model(**batch, decoder_input_ids=ids[:, :-1], output_attentions=True)
    rows = maps.cross_attentions[1][0, 0, :-1, :-1]  # layer 2, head 1, no end tokens
    new = [piece[0] == "▁" for piece in tokenizer.convert_ids_to_tokens(ids[0, 1:-1])]
    word = torch.tensor(new).cumsum(0) - 1  # (target): the word of each piece
    words = tokenizer.decode(ids[0], skip_special_tokens=True).split()
    by_word = torch.stack([rows[word == n].mean(dim=0) for n in range(len(words))])
    hidden = torch.eye(by_word.shape[1], states.shape[1])  # one piece in each row
    blank = torch.where(hidden[..., None] == 1, mean, states)  # (hidden, source, 256)
    whole = states.expand_as(blank).contiguous()
    for way, held, mask in (("masked", whole, 1 - hidden), ("mean state", blank, None)):
        new = model.generate(encoder_outputs=BaseModelOutput(held),
            attention_mask=mask, num_beams=1, max_new_tokens=40)  # fmt: skip
        texts = [tokenizer.decode(x, skip_special_tokens=True).split() for x in new]
        lost = torch.tensor([[text.count(x) < words.count(x) for x in words]
                             for text in texts]).float()  # fmt: skip
        gone[way]["strongest"].append(lost[by_word.argmax(1), range(len(words))])
        gone[way]["weakest"].append(lost[by_word.argmin(1), range(len(words))])
words, sentences = sum(map(len, gone["masked"]["strongest"])), len(english)
print(f"{sentences} sentences, {words} words; gone when a piece is hidden:")
share = {}
for way, found in gone.items():
    for which, each in found.items():
        share[way, which] = torch.cat(each).mean().item()
        print(f"{way}, the {which} of its row: {share[way, which]:.0%}")
masked, weakest, filled, _ = share.values()
