"""Save a model and its tokenizer, look at the files, load them: nothing is lost."""

import tempfile
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("models/minilm")
model = AutoModel.from_pretrained("models/minilm")
inputs = tokenizer("The robot watered the sunflowers.", return_tensors="pt")

with tempfile.TemporaryDirectory() as folder:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    print("| file | kB |\n|---|---:|")
    sizes = {path.name: path.stat().st_size for path in sorted(Path(folder).iterdir())}
    for name, size in sizes.items():
        print(f"| `{name}` | {size / 1000:,.0f} |")
    again = AutoModel.from_pretrained(folder)
    ids_again = AutoTokenizer.from_pretrained(folder)("The robot.").input_ids

with torch.no_grad():
    before, after = model(**inputs)[0], again(**inputs)[0]
difference = (before - after).abs().max().item()
same_ids = ids_again == tokenizer("The robot.").input_ids
files = len(sizes)
bytes_a_parameter = sizes["model.safetensors"] / model.num_parameters()
