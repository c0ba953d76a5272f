"""Machine translation: a new sequence, in another language and of another length."""

from transformers import AutoTokenizer

from snippets.shared.translator import Translator

sentences = {
    "models/en-pt": ["The robot watered the sunflowers because they were thirsty.",
                     "How old are you?", "The box was in the pen."],
    "models/pt-en": ["O robô regou os girassóis porque eles estavam com sede.",
                     "Faz três anos que moro aqui.", "Tenho saudades do mar."],
}  # fmt: skip
print("| source | translation | tokens in | out |")
print("|---|---|---|---|")
for folder, texts in sentences.items():
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = Translator.from_pretrained(folder)
    for text in texts:
        batch = tokenizer(text, return_tensors="pt", return_token_type_ids=False)
        ids = model.generate(**batch, num_beams=1, max_new_tokens=40)[0, 1:]
        written = tokenizer.decode(ids, skip_special_tokens=True)
        tokens_in, tokens_out = batch.input_ids.shape[1], len(ids)
        print(f"| {text} | {written} | {tokens_in} | {tokens_out} |")
