"""The tokens that stand for no text: which ones each tokenizer adds, and a trap."""

from transformers import AutoTokenizer

for name in ["models/minilm", "models/smollm2", "models/en-pt"]:
    tokenizer = AutoTokenizer.from_pretrained(name)
    ids = tokenizer("The robot").input_ids
    print(f"{name}: {' '.join(tokenizer.convert_ids_to_tokens(ids))}")
    for token, id in zip(tokenizer.all_special_tokens, tokenizer.all_special_ids):
        print(f"   {id:5}  {token}")

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
pair = tokenizer("Who was thirsty?", "The sunflowers were.")
print("\nA pair:")
print(*tokenizer.convert_ids_to_tokens(pair.input_ids))
print(*pair.token_type_ids)

print("\nA trap, and the way out:")
separators = []
for split in (False, True):
    typed = tokenizer("I type [SEP] myself.", split_special_tokens=split).input_ids
    separators.append(typed.count(tokenizer.sep_token_id))
    print(*tokenizer.convert_ids_to_tokens(typed))
separators_typed, separators_split = separators
