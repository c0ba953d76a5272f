"""What a model's folder tells before you run it: its task, its size, its labels."""

import math

from safetensors import safe_open
from transformers import AutoConfig

folders = ["minilm-ner", "minilm-sentiment", "en-pt", "smollm2", "whisper", "rxnmapper"]
print("| model | million parameters | chooses among | class |")
print("|---|---|---|---|")
sizes = {}
for folder in folders:
    config = AutoConfig.from_pretrained(f"models/{folder}")
    name = config.architectures[0]
    choices = f"{config.vocab_size:,} tokens"
    if "Classification" in name:
        choices = f"{config.num_labels} labels"
    path = f"models/{folder}/model.safetensors"
    with safe_open(path, framework="pt") as file:  # it reads shapes, not numbers
        shapes = [file.get_slice(key).get_shape() for key in file.keys()]
    sizes[folder] = sum(math.prod(shape) for shape in shapes) / 1e6
    print(f"| {folder} | {sizes[folder]:.0f} | {choices} | {name} |")
translator, chat = sizes["en-pt"], sizes["smollm2"]
