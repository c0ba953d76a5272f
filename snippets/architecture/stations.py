"""One sentence on its way through an encoder–decoder: the shape at each station."""

import torch
from transformers import AutoTokenizer

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt")
sentence = "The robot watered the sunflowers because they were thirsty."
source = tokenizer(sentence, return_tensors="pt")
with torch.no_grad():
    vectors = model.get_input_embeddings()(source.input_ids)  # (1, tokens, 256)
    read = model.get_encoder()(**source).last_hidden_state  # (1, tokens, 256)

    written = torch.tensor([[model.config.decoder_start_token_id]])  # (1, 1)
    while written[0, -1] != model.config.eos_token_id:
        answer = model(
            encoder_outputs=(read,),
            attention_mask=source.attention_mask,
            decoder_input_ids=written,
        )
        best = answer.logits[:, -1].argmax(dim=-1, keepdim=True)  # (1, 1)
        written = torch.cat([written, best], dim=1)  # (1, one more)

translation = tokenizer.decode(written[0], skip_special_tokens=True)
runs = written.shape[1] - 1
vocabulary = answer.logits.shape[-1]
print("ids of the source          ", tuple(source.input_ids.shape))
print("vectors from the table     ", tuple(vectors.shape))
print("what the encoder hands on  ", tuple(read.shape))
print("logits of the last step    ", tuple(answer.logits.shape))
print(f"the encoder ran once, the decoder {runs} times")
print(translation)
