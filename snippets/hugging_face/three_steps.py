"""From a sentence to the model's output: tokenizer, model, output object."""

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")

sentence = "The robot watered the sunflowers because they were thirsty."
inputs = tokenizer(sentence, return_tensors="pt")  # 1. text → ids
with torch.no_grad():
    outputs = model(**inputs)  # 2. ids → vectors
vectors = outputs.last_hidden_state  # 3. pick what you need: (1, tokens, 384)

print("1.", type(inputs).__name__)
for name, tensor in inputs.items():
    print(f"   {name:18} {tuple(tensor.shape)}  {tensor[0, :5].tolist()} …")
print("2.", type(model).__name__, f"with {model.num_parameters():,} parameters")
print("3.", type(outputs).__name__)
for name, tensor in outputs.items():
    print(f"   {name:18} {tuple(tensor.shape)}")

same = outputs[0] is vectors and outputs["last_hidden_state"] is vectors
print("by name, by key and by place the same tensor:", same)
in_training = model.training
print("in training mode:", in_training)
