"""Numbers for the exercises: half precision, two of six layers, more padding."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
sentence = "The robot watered the sunflowers because they were thirsty."
inputs = tokenizer(sentence, return_tensors="pt")


def vectors(model, inputs):
    with torch.no_grad():
        return model(**inputs).last_hidden_state[0]  # (tokens, 384)


whole = vectors(model, inputs)
longer = tokenizer(sentence, padding="max_length", max_length=64, return_tensors="pt")
padded_change = (vectors(model, longer)[: len(whole)] - whole).abs().max().item()
print(f"padded to 64 tokens, with the mask: changed by at most {padded_change:.0e}")

half = AutoModel.from_pretrained("models/minilm", dtype=torch.float16)
half_bytes = sum(p.numel() * p.element_size() for p in half.parameters())
full_bytes = sum(p.numel() * p.element_size() for p in model.parameters())
halved = vectors(half.float(), inputs).double()  # so that the cosine is not rounded
half_off = 1 - torch.cosine_similarity(halved, whole.double()).min().item()
print(f"float32 {full_bytes / 1e6:.0f} MB, float16 {half_bytes / 1e6:.0f} MB")
print(f"smallest cosine between the two vectors of a token: 1 − {half_off:.0e}")

two, report = AutoModel.from_pretrained(
    "models/minilm", num_hidden_layers=2, output_loading_info=True
)
unused = len(report["unexpected_keys"])
two_layers = len(two.encoder.layer)
two_cosine = torch.cosine_similarity(vectors(two, inputs), whole).mean().item()
print(f"{two_layers} layers, {unused} tensors of the file not used")
print(f"cosine to the whole model's vectors: {two_cosine:.2f}")
