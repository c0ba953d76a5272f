"""Who is bored? Portuguese must decide between a masculine and a feminine ending."""

from transformers import AutoTokenizer

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt")
for english in ("The dog chased the ball because it was bored.",
                "The boy chased the ball because he was bored.",
                "The girl chased the ball because she was bored."):  # fmt: skip
    batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
    ids = model.generate(**batch, num_beams=1, max_new_tokens=40)
    translation = tokenizer.decode(ids[0], skip_special_tokens=True)
    print(english, translation, sep="\n    ")
    if english.startswith("The dog"):
        ball_is_bored = translation.endswith("entediada.")
