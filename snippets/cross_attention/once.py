"""The translator computes a query for each piece, and keys and values only once."""

from transformers import AutoTokenizer

from snippets.shared.translator import Translator

tokenizer = AutoTokenizer.from_pretrained("models/en-pt")
model = Translator.from_pretrained("models/en-pt")
attention = model.model.decoder.layers[1].encoder_attn
calls = {"q_proj": 0, "k_proj": 0, "v_proj": 0}


def count(name):
    def hook(layer, inputs, output):
        calls[name] += 1

    return hook


for name in calls:
    getattr(attention, name).register_forward_hook(count(name))
english = "The robot watered the sunflowers because they were thirsty."
batch = tokenizer(english, return_tensors="pt", return_token_type_ids=False)
portuguese = model.generate(**batch, num_beams=1, max_new_tokens=40)
written = portuguese.shape[1] - 1  # without the start symbol
queries, keys, values = calls.values()
print(tokenizer.decode(portuguese[0], skip_special_tokens=True))
print(f"{written} pieces written: queries computed {queries} times,"
      f" keys {keys}, values {values}")
