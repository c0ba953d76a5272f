"""A configuration is the plan of a model without its weights: change it, build it."""

import torch
from transformers import AutoConfig, AutoModel

config = AutoConfig.from_pretrained("models/minilm")
print(type(config).__name__)
for name in ("hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size"):
    print(f"  {name:20} {getattr(config, name)}")

config.num_hidden_layers = 2
torch.manual_seed(0)
small = AutoModel.from_config(config)  # the plan only: weights are random
loaded = AutoModel.from_pretrained("models/minilm")  # plan and weights
small_parameters, parameters = small.num_parameters(), loaded.num_parameters()
print(f"2 layers, from_config:     {small_parameters:,} random parameters")
print(f"6 layers, from_pretrained: {parameters:,} trained parameters")



def cosine(model):
    dog, cat = model.embeddings.word_embeddings(torch.tensor([3899, 4937]))  # their ids
    return torch.cosine_similarity(dog, cat, dim=0).item()


alike, random_alike = cosine(loaded), cosine(small)
print(f"dog and cat, cosine: trained {alike:.2f}, random {random_alike:.2f}")
