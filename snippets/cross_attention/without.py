"""Three states that hold no source, in place of the encoder's output."""

import torch
from transformers import AutoTokenizer
from transformers.modeling_outputs import BaseModelOutput

from snippets.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt")
torch.set_grad_enabled(False)


def read(english):
    ids = tokenizer(english, return_tensors="pt").input_ids
    return model.get_encoder()(ids).last_hidden_state  # (1, source, 256)


def translate(states):
    encoded = BaseModelOutput(states)
    ids = model.generate(encoder_outputs=encoded, num_beams=1, max_new_tokens=20)
    return ids, tokenizer.decode(ids[0], skip_special_tokens=True)


def probability(states, ids):
    encoded = BaseModelOutput(states)
    logits = model(encoder_outputs=encoded, decoder_input_ids=ids[:, :-1]).logits[0]
    log_probability = logits.log_softmax(dim=-1).gather(1, ids[0, 1:, None])
    return log_probability.mean().exp().item()  # of a piece; the geometric mean


asked = ("The robot watered the sunflowers because they were thirsty.",
         "I gave her a red apple yesterday.",
         "The old man reads the newspaper every morning.")  # fmt: skip
gold = open("snippets/cross_attention/gold.txt", encoding="utf-8").read().splitlines()
others = [english for english in gold[::2] if english not in asked]
mean = torch.cat([read(english)[0] for english in others]).mean(dim=0)  # (256,)
closed = {"zeros": torch.zeros(256), "mean, backwards": mean.flip(0),
          f"mean of {len(others)} others": mean}  # fmt: skip

written, chances = {name: set() for name in closed}, {name: [] for name in closed}
for english in asked:
    states = read(english)
    ids, translation = translate(states)
    with_source = probability(states, ids)
    print(f"{english}\n  → {translation}\n    {with_source:.0%} a piece")
    for name, state in closed.items():
        blank = state.expand_as(states).contiguous()  # the same at each place
        chances[name].append(probability(blank, ids))
        written[name].add(translate(blank)[1])
        print(f"    {chances[name][-1]:.4%} with {name}")
for name, texts in written.items():
    print(f"{name}:\n  →", *texts)
different_outputs = max(len(texts) for texts in written.values())
highest_zeros, highest_backwards, highest_mean = map(max, chances.values())
*_, lowest_mean = map(min, chances.values())
_, backwards_writes, mean_writes = (texts.pop() for texts in written.values())
