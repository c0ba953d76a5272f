"""Hide one English piece from the cross-attention, and read the translation."""

import torch
from transformers import AutoTokenizer

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt")
english = "The robot watered the sunflowers because they were thirsty."
batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
pieces = tokenizer.convert_ids_to_tokens(batch.input_ids[0])
with torch.no_grad():
    encoded = model.get_encoder()(**batch)  # the encoder still reads everything

print("| hidden | translation |\n|---|---|")
nothing, words = "–", ["▁robot", "▁sun", "flower", "▁because", "▁they", "▁thirst"]
for hidden in (nothing, *words, "ed", "s"):
    visible = batch.attention_mask.clone()  # (1, source)
    if hidden in pieces:
        visible[0, pieces.index(hidden)] = 0
    with torch.no_grad():
        ids = model.generate(
            encoder_outputs=encoded,
            attention_mask=visible,
            num_beams=1,
            max_new_tokens=40,
        )
    print(f"| {hidden} | {tokenizer.decode(ids[0], skip_special_tokens=True)} |")
