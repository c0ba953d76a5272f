"""What a model's folder tells before you run it: its task, its size, its limits."""

import os

from safetensors import safe_open
from transformers import AutoConfig

folders = ["minilm-ner", "minilm-sentiment", "en-pt", "smollm2", "whisper", "rxnmapper"]
print("| model | class | chooses among | million parameters | MB |")
print("|---|---|---|---|---|")
sizes = {}
for folder in folders:
    config = AutoConfig.from_pretrained(f"models/{folder}")
    name = config.architectures[0]
    choices = f"{config.vocab_size:,} tokens"
    if "Classification" in name:
        choices = f"{config.num_labels} labels"
    path = f"models/{folder}/model.safetensors"
    with safe_open(path, framework="pt") as file:  # reads shapes, not numbers
        shapes = [file.get_slice(key).get_shape() for key in file.keys()]
    parameters = 0
    for shape in shapes:
        count = 1
        for side in shape:
            count *= side
        parameters += count
    sizes[folder] = parameters / 1e6
    megabytes = os.path.getsize(path) / 1e6
    print(f"| {folder} | {name} | {choices} | {sizes[folder]:.0f} | {megabytes:.0f} |")
translator, chat = sizes["en-pt"], sizes["smollm2"]
