"""MiniLM's plan with twice as many layers: how many more parameters?"""

from transformers import AutoConfig, AutoModel

counts = []
for layers in (6, 12):
    config = AutoConfig.from_pretrained("models/minilm", num_hidden_layers=layers)
    counts.append(AutoModel.from_config(config).num_parameters())
    print(f"{layers} layers: {counts[-1]:,} parameters")
more = counts[1] / counts[0] - 1
print(f"{more:.1%} more")
