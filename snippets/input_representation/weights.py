"""How many attention weights a head computes for one sentence, in two languages."""

from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
english = "The robot watered the sunflowers because they were thirsty."
greek = "Το ρομπότ πότισε τα ηλιοτρόπια γιατί διψούσαν."
few, many = (len(tokenizer(text).input_ids) for text in (english, greek))
times = many**2 / few**2
print(f"{few} and {many} tokens with [CLS] and [SEP]: {few**2} and {many**2:,} weights")
