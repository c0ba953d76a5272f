"""The translator writes “I miss you.” in Portuguese, its first piece forced on it."""

from transformers import AutoTokenizer

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt")
batch = tokenizer("I miss you.", return_tensors="pt", return_token_type_ids=False)
for first in ["▁Eu", "▁Você", "▁Ela", "▁Não"]:  # I, you, she, not
    begun = tokenizer.convert_tokens_to_ids(["<pad>", first])  # the start token first
    batch["decoder_input_ids"] = batch.input_ids.new_tensor([begun])
    written = model.generate(**batch, num_beams=1, max_new_tokens=20)[0]
    print(first, "→", tokenizer.decode(written, skip_special_tokens=True))
