"""How sure was the translator? The likeliest pieces at guesses and an idiom."""

import torch
from transformers import AutoTokenizer

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt")


def steps(text):
    batch = tokenizer(text, return_tensors="pt", return_token_type_ids=False)
    written = model.generate(
        **batch, num_beams=1, max_new_tokens=20,
        output_scores=True, return_dict_in_generate=True,
    )  # fmt: skip
    return torch.cat(written.scores).softmax(-1)  # (pieces, vocabulary)


for text in ("My cousin arrived yesterday.", "He kicked the bucket."):
    print(text)
    for row in steps(text):
        best = row.topk(2)
        pieces = tokenizer.convert_ids_to_tokens(best.indices)
        print("  ", "   ".join(f"{p:.2f} {t}" for p, t in zip(best.values, pieces)))
guess, other = steps("My cousin arrived yesterday.")[0].topk(2).values.tolist()
idiom_least = steps("He kicked the bucket.").max(-1).values.min().item()
minha = tokenizer.convert_tokens_to_ids("▁Minha")
feminine = {who: steps(f"My {who} arrived yesterday.")[0, minha].item()
            for who in ("cousin", "doctor", "boss", "brother")}  # fmt: skip
print("▁Minha first:", ", ".join(f"{who} {p:.2f}" for who, p in feminine.items()))
_, doctor, boss, brother = feminine.values()
