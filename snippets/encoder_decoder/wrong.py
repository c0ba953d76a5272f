"""Six sentences that the translators get wrong, in five ways."""

from transformers import AutoTokenizer

from snippets.shared.translator import Translator

sentences = {
    "models/en-pt": ["It is raining cats and dogs.", "He kicked the bucket.",
                     "The old man the boat.", "My cousin arrived yesterday."],
    "models/pt-en": ["Comprámos pão e bebemos café.",
                     "Quem não tem cão caça com gato."],
}  # fmt: skip
print("| way | source | translation |")
print("|---|---|---|")
for folder, texts in sentences.items():
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = Translator.from_pretrained(folder)
    for text in texts:
        batch = tokenizer(text, return_tensors="pt", return_token_type_ids=False)
        ids = model.generate(**batch, num_beams=1, max_new_tokens=40)
        translation = tokenizer.decode(ids[0], skip_special_tokens=True)
        print(f"| {folder.split('/')[1]} | {text} | {translation} |")
