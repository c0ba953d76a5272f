"""Zeros in place of the encoder's output: the same nonsense, whatever the source."""

import torch
from transformers import AutoTokenizer
from transformers.modeling_outputs import BaseModelOutput

from snippets.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt")


def translate(states):
    encoded = BaseModelOutput(last_hidden_state=states)
    ids = model.generate(encoder_outputs=encoded, num_beams=1, max_new_tokens=20)
    return ids, tokenizer.decode(ids[0], skip_special_tokens=True)


def probability(states, ids):
    with torch.no_grad():
        encoded = BaseModelOutput(last_hidden_state=states)
        logits = model(encoder_outputs=encoded, decoder_input_ids=ids[:, :-1]).logits[0]
    log_probability = logits.log_softmax(dim=-1).gather(1, ids[0, 1:, None])
    return log_probability.mean().exp().item()  # of a piece; the geometric mean


from_nothing = set()
for english in ("The robot watered the sunflowers because they were thirsty.",
                "I gave her a red apple yesterday.",
                "The old man reads the newspaper every morning."):  # fmt: skip
    batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
    with torch.no_grad():
        states = model.get_encoder()(**batch).last_hidden_state  # (1, source, 256)
    ids, translation = translate(states)
    nonsense = translate(torch.zeros_like(states))[1]
    from_nothing.add(nonsense)
    with_source = probability(states, ids)
    with_zeros = probability(torch.zeros_like(states), ids)
    print(f"{english}\n  the encoder's output → {translation}\n  zeros → {nonsense}\n"
          f"  a piece of the right translation: {with_source:.0%} and {with_zeros:.4%}")
different_outputs = len(from_nothing)
