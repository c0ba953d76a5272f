"""Five sentences go from English to Portuguese and back, by two translators."""

from transformers import AutoTokenizer

from snippets.shared.translator import Translator

there, back = "models/en-pt", "models/pt-en"
tokenizers = {way: AutoTokenizer.from_pretrained(way) for way in (there, back)}
models = {way: Translator.from_pretrained(way) for way in (there, back)}


def translate(way, text):
    batch = tokenizers[way](text, return_tensors="pt", return_token_type_ids=False)
    ids = models[way].generate(**batch, num_beams=1, max_new_tokens=40)
    return tokenizers[way].decode(ids[0], skip_special_tokens=True)


print("| English | Portuguese | and back |")
print("|---|---|---|")
sentences = ["The robot watered the sunflowers because they were thirsty.",
             "I saw her duck.", "The letter was long, so I did not read it.",
             "The bank closed at noon.", "She gave him a red apple."]  # fmt: skip
same = 0
for english in sentences:
    portuguese = translate(there, english)
    again = translate(back, portuguese)
    same += english == again
    print(f"| {english} | {portuguese} | {again} |")
total = len(sentences)
