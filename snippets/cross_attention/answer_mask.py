"""The cross-attention of a batch needs the padding mask of the source, and no other."""

import torch
from transformers import AutoTokenizer

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt", attn_implementation="eager")
texts = ["I miss you.", "The old man reads the newspaper every morning."]
batch = tokenizer(texts, padding=True, return_tensors="pt", return_token_type_ids=False)
with torch.no_grad():
    encoded = model.get_encoder()(**batch)  # the encoder has its mask both times
    ids = model.generate(**batch, num_beams=1, max_new_tokens=20)
    shares, written = [], []
    for mask in (batch.attention_mask, torch.ones_like(batch.attention_mask)):
        maps = model(
            encoder_outputs=encoded, attention_mask=mask,
            decoder_input_ids=ids[:, :-1], output_attentions=True,
        ).cross_attentions  # fmt: skip
        pieces = int(batch.attention_mask[0].sum())
        on_padding = torch.stack(maps)[:, 0, :, :6, pieces:]  # of the short text
        new = model.generate(encoder_outputs=encoded, attention_mask=mask, num_beams=1)
        written.append(tokenizer.decode(new[0], skip_special_tokens=True))
        shares.append(on_padding.sum(dim=-1).mean().item())
with_mask, without_mask = shares
first_row = torch.stack(maps)[:, 1, :, 0].min().item()  # sees everything
print(f"weight on padding: {with_mask:.0%} with the source's mask,"
      f" {without_mask:.0%} without")
print(f"smallest weight of the first Portuguese piece: {first_row:.1e}, above zero")
same_text = written[0] == written[1]
print(f"{texts[0]} → {written[0]}\nwithout the mask: {written[1]}")
