"""Three things that a tokenizer does without saying so."""

from tokenizers import Tokenizer, models
from transformers import AutoTokenizer

print("1. An unknown character")
translator = AutoTokenizer.from_pretrained("models/en-pt")
encoded = translator("a 🌻")
shown = " ".join(encoded.tokens())
read = " ".join(translator.convert_ids_to_tokens(encoded.input_ids))
print("   tokens():               ", shown)
print("   convert_ids_to_tokens():", read)

print("2. An added word")
lowering = AutoTokenizer.from_pretrained("models/minilm")
known = len(lowering)
returned = lowering.add_tokens(["COVID-19", "robot"])
new = len(lowering) - known
back = lowering.decode(lowering("COVID-19").input_ids, skip_special_tokens=True)
print(f"   added, it says: {returned}; new ids: {new}; COVID-19 comes back as {back}")

print("3. Cuts drawn by chance")
pieces = [("<unk>", 0.0), ("s", -3.0), ("u", -3.0), ("n", -3.0)]
pieces += [("su", -4.0), ("un", -4.0)]
drawing = Tokenizer(models.Unigram(pieces, unk_id=0, alpha=0.5))
loaded = Tokenizer.from_str(drawing.to_str())  # saved and loaded again
cuts = [len({tuple(one.encode("sunsun").tokens) for _ in range(100)})
        for one in (drawing, loaded)]  # fmt: skip
drawn, kept = cuts
print(f"   different cuts in 100 tries: {drawn}; after saving and loading: {kept}")
